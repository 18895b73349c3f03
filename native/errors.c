/* How a refusal reaches JavaScript: as the SysError class that src/sys/quickjs.ts has registered. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "host.h"

/* Names of the errno values that the calls used here can give; others are printed as numbers. */
static const struct {
  int number;
  const char *name;
} errno_names[] = {
#define NAME(e) {e, #e}
    NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG),
    NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT),
    NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL),
    NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE),
    NAME(EROFS), NAME(EMLINK), NAME(EPIPE), NAME(EDOM), NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG),
    NAME(ENOLCK), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENODATA), NAME(ETIME), NAME(EPROTO),
    NAME(EBADMSG), NAME(EOVERFLOW), NAME(EILSEQ), NAME(ENOTSOCK), NAME(EDESTADDRREQ), NAME(EMSGSIZE),
    NAME(EPROTOTYPE), NAME(ENOPROTOOPT), NAME(EPROTONOSUPPORT), NAME(EOPNOTSUPP), NAME(EAFNOSUPPORT),
    NAME(EADDRINUSE), NAME(EADDRNOTAVAIL), NAME(ENETDOWN), NAME(ENETUNREACH), NAME(ENETRESET),
    NAME(ECONNABORTED), NAME(ECONNRESET), NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ETIMEDOUT),
    NAME(ECONNREFUSED), NAME(EHOSTUNREACH), NAME(EALREADY), NAME(EINPROGRESS), NAME(ECANCELED),
#ifdef __linux__
    NAME(EUSERS), NAME(ESOCKTNOSUPPORT), NAME(EPFNOSUPPORT), NAME(EHOSTDOWN), NAME(ESTALE), NAME(EDQUOT),
#endif
#undef NAME
};

static const char *errno_name(int number, char *spare, size_t spare_size) {
  for (size_t i = 0; i < sizeof errno_names / sizeof errno_names[0]; i++) {
    if (errno_names[i].number == number) return errno_names[i].name;
  }
  snprintf(spare, spare_size, "E%d", number);
  return spare;
}

JSValue host_throw(JSContext *ctx, const char *call, int error, const char *format, ...) {
  char detail[4352]; /* a path of PATH_MAX and some words */
  char spare[16];
  va_list values;
  va_start(values, format);
  vsnprintf(detail, sizeof detail, format, values);
  va_end(values);

  const char *name = errno_name(error, spare, sizeof spare);
  /* In the heap, not in a variable: it is part of a snapshot. */
  JSValue *error_class = JS_GetContextOpaque(ctx);
  if (error_class == NULL) return JS_ThrowPlainError(ctx, "%s %s: %s", call, detail, name);
  JSValue arguments[] = {JS_NewString(ctx, name), JS_NewString(ctx, call), JS_NewString(ctx, detail)};
  JSValue exception = JS_CallConstructor(ctx, *error_class, 3, (JSValueConst *)arguments);
  for (int i = 0; i < 3; i++) JS_FreeValue(ctx, arguments[i]);
  return JS_IsException(exception) ? exception : JS_Throw(ctx, exception);
}

JSValue host_use_error_class(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  if (!JS_IsConstructor(ctx, argv[0])) return host_throw(ctx, "useErrorClass", EINVAL, "not a class");
  host_free_error_class(ctx);
  JSValue *error_class = js_malloc(ctx, sizeof *error_class);
  if (error_class == NULL) return JS_EXCEPTION;
  *error_class = JS_DupValue(ctx, argv[0]);
  JS_SetContextOpaque(ctx, error_class);
  return JS_UNDEFINED;
}

void host_free_error_class(JSContext *ctx) {
  JSValue *error_class = JS_GetContextOpaque(ctx);
  if (error_class == NULL) return;
  JS_FreeValue(ctx, *error_class);
  js_free(ctx, error_class);
  JS_SetContextOpaque(ctx, NULL);
}
