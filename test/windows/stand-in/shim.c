/*
 * Runs the model for one call: a new JavaScript runtime with the functions of the product's own Windows host, which
 * are all that the model needs (files and a lock). AZURE_VNET_HNS_MODEL names the directory of the model's files.
 */
#include "shim.h"
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/windows.h"

static const wchar_t VARIABLE[] = L"AZURE_VNET_HNS_MODEL";
enum { MAX_DIRECTORY = 4096 };
static const HRESULT BROKEN = (HRESULT)0x8000FFFF; /* E_UNEXPECTED: the model itself failed; stderr says how */

static wchar_t *task_string(JSContext *ctx, JSValueConst value) {
  const char *text = JS_IsString(value) ? JS_ToCString(ctx, value) : NULL;
  wchar_t *wide = text == NULL ? NULL : host_wide(text);
  wchar_t *copy = wide == NULL ? NULL : CoTaskMemAlloc((wcslen(wide) + 1) * sizeof *copy);
  if (copy != NULL) wcscpy(copy, wide);
  free(wide);
  JS_FreeCString(ctx, text);
  return copy;
}

static HRESULT read_answer(JSContext *ctx, JSValueConst global, wchar_t **text, wchar_t **error) {
  JSValue answer = JS_GetPropertyStr(ctx, global, "answer");
  JSValue result = JS_GetPropertyStr(ctx, answer, "hresult");
  JSValue texts[2] = {JS_GetPropertyStr(ctx, answer, "text"), JS_GetPropertyStr(ctx, answer, "error")};
  int64_t number = BROKEN;
  JS_ToInt64(ctx, &number, result);
  wchar_t **outs[2] = {text, error};
  for (int i = 0; i < 2; i++) {
    if (outs[i] != NULL) *outs[i] = task_string(ctx, texts[i]);
    JS_FreeValue(ctx, texts[i]);
  }
  JS_FreeValue(ctx, result);
  JS_FreeValue(ctx, answer);
  return (HRESULT)(uint32_t)number;
}

static JSValue strings(JSContext *ctx, const char *name, const wchar_t *directory, const wchar_t *const *arguments) {
  JSValue array = JS_NewArray(ctx);
  uint32_t count = 0;
  JS_SetPropertyUint32(ctx, array, count++, JS_NewString(ctx, name));
  JS_SetPropertyUint32(ctx, array, count++, host_wide_string(ctx, directory));
  for (; *arguments != NULL; arguments++) {
    JS_SetPropertyUint32(ctx, array, count++, host_wide_string(ctx, *arguments));
  }
  return array;
}

static void print_exception(JSContext *ctx) {
  JSValue exception = JS_GetException(ctx);
  const char *text = JS_ToCString(ctx, exception);
  JSValue stack = JS_GetPropertyStr(ctx, exception, "stack");
  const char *where = JS_ToCString(ctx, stack);
  fprintf(stderr, "stand-in: %s\n%s\n", text, where);
  fflush(stderr);
}

HRESULT shim_call(const char *name, const wchar_t *const *arguments, wchar_t **text, wchar_t **error) {
  wchar_t directory[MAX_DIRECTORY];
  if (text != NULL) *text = NULL;
  if (error != NULL) *error = NULL;
  DWORD length = GetEnvironmentVariableW(VARIABLE, directory, MAX_DIRECTORY);
  if (length == 0 || length >= MAX_DIRECTORY) return HRESULT_FROM_WIN32(ERROR_SERVICE_NOT_ACTIVE);

  const struct host_image *image = host_find_image("model");
  JSRuntime *runtime = JS_NewRuntime();
  JS_SetMaxStackSize(runtime, 0); /* the thread that calls is not the one that loaded the DLL */
  JSContext *ctx = JS_NewContext(runtime);
  JSValue global = JS_GetGlobalObject(ctx);
  JS_SetPropertyStr(ctx, global, "host", host_object(ctx));
  JS_SetPropertyStr(ctx, global, "request", strings(ctx, name, directory, arguments));
  HRESULT result = BROKEN;
  if (host_evaluate(ctx, image)) result = read_answer(ctx, global, text, error);
  else print_exception(ctx);
  JS_FreeValue(ctx, global);
  host_free_error_class(ctx);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  return result;
}
