/*
 * The host network service as JavaScript sees it. A call may hang for ever when the service does, so each is made on
 * a thread of its own, which is abandoned at the deadline: this process will not live long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "hns.h"

static const char *const KINDS[] = {"Network", "Endpoint", "Namespace"};

static DWORD run_on_thread(void *argument) {
  struct hns_call *call = argument;
  call->run(call);
  return 0;
}

static struct hns_call *new_call(JSContext *ctx, void (*run)(struct hns_call *)) {
  struct hns_call *call = calloc(1, sizeof *call);
  if (call == NULL) {
    JS_ThrowOutOfMemory(ctx);
    return NULL;
  }
  call->run = run;
  call->kind = "";
  return call;
}

static void free_call(struct hns_call *call) {
  for (int i = 0; i < HNS_MAX_TEXTS; i++) free(call->texts[i]);
  hns_free(call->answer);
  hns_free(call->error);
  free(call);
}

/* ---- arguments ---- */

static bool arg_text(JSContext *ctx, const char *function, const char *what, JSValueConst value, wchar_t **out) {
  const char *text;
  size_t length;
  if (!host_arg_string(ctx, function, what, value, &text, &length)) return false;
  *out = host_wide(text);
  JS_FreeCString(ctx, text);
  if (*out == NULL) JS_ThrowOutOfMemory(ctx);
  return *out != NULL;
}

static bool arg_kind(JSContext *ctx, const char *function, JSValueConst value, const char **out) {
  const char *text;
  size_t length;
  if (!host_arg_string(ctx, function, "kind", value, &text, &length)) return false;
  *out = NULL;
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    if (strcmp(text, KINDS[i]) == 0) *out = KINDS[i];
  }
  if (*out == NULL) host_throw(ctx, function, EINVAL, "kind %.40s", text);
  JS_FreeCString(ctx, text);
  return *out != NULL;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 8-4-4-4-12 digits. In memory the first three groups are numbers, little-endian here. */
static bool parse_guid(const char *text, GUID *out) {
  static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  uint8_t *bytes = (uint8_t *)out;
  size_t at = 0;
  for (int i = 0; i < 16; i++) {
    if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') return false;
    int high = hex_value(text[at]);
    int low = high < 0 ? -1 : hex_value(text[at + 1]);
    if (low < 0) return false;
    bytes[place[i]] = (uint8_t)(high << 4 | low);
    at += 2;
  }
  return text[at] == '\0';
}

/* `optional`: an empty text is the GUID of zeros. */
static bool arg_id(JSContext *ctx, const char *function, JSValueConst value, bool optional, GUID *out) {
  const char *text;
  size_t length;
  if (!host_arg_string(ctx, function, "id", value, &text, &length)) return false;
  bool good = (optional && length == 0) || parse_guid(text, out);
  if (!good) host_throw(ctx, function, EINVAL, "id %.60s is not a GUID", text);
  JS_FreeCString(ctx, text);
  return good;
}

/* ---- the call and its outcome ---- */

/* An HnsAnswer of windows.ts. */
static JSValue answer_object(JSContext *ctx, const struct hns_call *call) {
  const char *names[] = {"hresult", "call", "text", "error"};
  JSValue values[] = {
      JS_NewInt64(ctx, (uint32_t)call->result),
      JS_NewString(ctx, call->name),
      host_wide_string(ctx, call->answer == NULL ? L"" : call->answer),
      host_wide_string(ctx, call->error == NULL ? L"" : call->error),
  };
  return host_object_of(ctx, 4, names, values);
}

static JSValue make_call(JSContext *ctx, const char *function, struct hns_call *call, JSValueConst timeout) {
  int timeout_ms;
  HANDLE thread;
  bool started;
  if (!host_arg_timeout(ctx, function, timeout, &timeout_ms)) {
    free_call(call);
    return JS_EXCEPTION;
  }
  bool ended = host_run_until(run_on_thread, call, host_deadline(timeout_ms), &thread, &started);
  if (!started) {
    DWORD error = GetLastError();
    free_call(call);
    return host_throw_windows(ctx, function, error, "thread");
  }
  CloseHandle(thread);
  if (!ended) { /* the thread has the rest */
    return host_throw(ctx, function, ETIMEDOUT, "%.47s did not return within %d ms", call->name, timeout_ms);
  }
  JSValue result = call->missing ? host_throw(ctx, function, ENOSYS, "%s is not on this machine", call->name)
                                 : answer_object(ctx, call);
  free_call(call);
  return result;
}

/* Frees the call when an argument was refused. */
static JSValue call_if(JSContext *ctx, const char *function, struct hns_call *call, bool good, JSValueConst timeout) {
  if (good) return make_call(ctx, function, call, timeout);
  free_call(call);
  return JS_EXCEPTION;
}

JSValue host_hns_call(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_call);
  if (call == NULL) return JS_EXCEPTION;
  bool good = arg_text(ctx, "hnsCall", "method", argv[0], &call->texts[0]) &&
              arg_text(ctx, "hnsCall", "path", argv[1], &call->texts[1]) &&
              arg_text(ctx, "hnsCall", "request", argv[2], &call->texts[2]);
  return call_if(ctx, "hnsCall", call, good, argv[3]);
}

JSValue host_hcs_modify(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_modify_system);
  if (call == NULL) return JS_EXCEPTION;
  bool good = arg_text(ctx, "hcsModify", "containerId", argv[0], &call->texts[0]) &&
              arg_text(ctx, "hcsModify", "request", argv[1], &call->texts[1]);
  return call_if(ctx, "hcsModify", call, good, argv[2]);
}

JSValue host_hcn_enumerate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_enumerate);
  if (call == NULL) return JS_EXCEPTION;
  bool good = arg_kind(ctx, "hcnEnumerate", argv[0], &call->kind) &&
              arg_text(ctx, "hcnEnumerate", "query", argv[1], &call->texts[0]);
  return call_if(ctx, "hcnEnumerate", call, good, argv[2]);
}

/* query and modify: kind, id, document, timeout. */
static JSValue call_on_object(JSContext *ctx, const char *function, const char *what, struct hns_call *call,
                              JSValueConst *argv) {
  if (call == NULL) return JS_EXCEPTION;
  bool good = arg_kind(ctx, function, argv[0], &call->kind) &&
              arg_id(ctx, function, argv[1], false, &call->ids[0]) &&
              arg_text(ctx, function, what, argv[2], &call->texts[0]);
  return call_if(ctx, function, call, good, argv[3]);
}

JSValue host_hcn_query(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return call_on_object(ctx, "hcnQuery", "query", new_call(ctx, hns_run_query), argv);
}

JSValue host_hcn_modify(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return call_on_object(ctx, "hcnModify", "settings", new_call(ctx, hns_run_modify), argv);
}

JSValue host_hcn_create_network(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_create_network);
  if (call == NULL) return JS_EXCEPTION;
  call->kind = "Network";
  bool good = arg_id(ctx, "hcnCreateNetwork", argv[0], true, &call->ids[0]) &&
              arg_text(ctx, "hcnCreateNetwork", "settings", argv[1], &call->texts[0]);
  return call_if(ctx, "hcnCreateNetwork", call, good, argv[2]);
}

JSValue host_hcn_create_endpoint(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_create_endpoint);
  if (call == NULL) return JS_EXCEPTION;
  call->kind = "Endpoint";
  bool good = arg_id(ctx, "hcnCreateEndpoint", argv[0], false, &call->ids[1]) &&
              arg_id(ctx, "hcnCreateEndpoint", argv[1], true, &call->ids[0]) &&
              arg_text(ctx, "hcnCreateEndpoint", "settings", argv[2], &call->texts[0]);
  return call_if(ctx, "hcnCreateEndpoint", call, good, argv[3]);
}

JSValue host_hcn_delete(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct hns_call *call = new_call(ctx, hns_run_delete);
  if (call == NULL) return JS_EXCEPTION;
  bool good = arg_kind(ctx, "hcnDelete", argv[0], &call->kind) &&
              arg_id(ctx, "hcnDelete", argv[1], false, &call->ids[0]);
  return call_if(ctx, "hcnDelete", call, good, argv[2]);
}
