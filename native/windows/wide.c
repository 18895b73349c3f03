/* UTF-8 and UTF-16. */
#include <stdlib.h>
#include "windows.h"

wchar_t *host_wide(const char *text) {
  int count = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *wide = count > 0 ? malloc((size_t)count * sizeof *wide) : NULL;
  if (wide != NULL) MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, count);
  return wide;
}

char *host_narrow(const wchar_t *text) {
  int count = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *narrow = count > 0 ? malloc((size_t)count) : NULL;
  if (narrow != NULL) WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, count, NULL, NULL);
  return narrow;
}

JSValue host_wide_string(JSContext *ctx, const wchar_t *text) {
  char *narrow = host_narrow(text);
  if (narrow == NULL) return JS_ThrowOutOfMemory(ctx);
  JSValue string = JS_NewString(ctx, narrow);
  free(narrow);
  return string;
}
