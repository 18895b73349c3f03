/* Argument checks. Strict: nothing is converted, so no JavaScript runs between a check and the use. */
#include "host.h"
#include <errno.h>
#include <math.h>
#include <string.h>

/* Largest integer that a double holds exactly. */
#define MAX_SAFE_INTEGER 9007199254740991.0

static bool integer_of(JSContext *ctx, JSValueConst value, int64_t *out) {
  double number;
  if (!JS_IsNumber(value) || JS_ToFloat64(ctx, &number, value) < 0) return false;
  if (!(fabs(number) <= MAX_SAFE_INTEGER) || number != trunc(number)) return false;
  *out = (int64_t)number;
  return true;
}

bool host_arg_integer(JSContext *ctx, const char *call, const char *what, JSValueConst value, int64_t least,
                      int64_t most, int64_t *out) {
  if (!integer_of(ctx, value, out)) {
    host_throw(ctx, call, EINVAL, "%s is not an integer", what);
    return false;
  }
  if (*out < least || *out > most) {
    host_throw(ctx, call, EINVAL, "%s %lld is not in %lld..%lld", what, (long long)*out, (long long)least,
               (long long)most);
    return false;
  }
  return true;
}

bool host_arg_bool(JSContext *ctx, const char *call, const char *what, JSValueConst value, bool *out) {
  if (!JS_IsBool(value)) {
    host_throw(ctx, call, EINVAL, "%s is not a boolean", what);
    return false;
  }
  *out = JS_VALUE_GET_BOOL(value);
  return true;
}

bool host_arg_timeout(JSContext *ctx, const char *call, JSValueConst value, int *out_ms) {
  int64_t timeout;
  if (!host_arg_integer(ctx, call, "timeout", value, 0, HOST_MAX_TIMEOUT_MS, &timeout)) return false;
  *out_ms = (int)timeout;
  return true;
}

bool host_arg_fd(JSContext *ctx, const char *call, JSValueConst value, int *out) {
  int64_t fd;
  if (!integer_of(ctx, value, &fd)) {
    host_throw(ctx, call, EINVAL, "descriptor is not an integer");
    return false;
  }
  if (fd < 0 || fd >= HOST_MAX_FDS || !host_fd_known((int)fd)) {
    host_throw(ctx, call, EBADF, "descriptor %lld", (long long)fd);
    return false;
  }
  *out = (int)fd;
  return true;
}

/*
 * The bytes of a Uint8Array as they are now. Not JS_GetUint8Array: after its resizable buffer has shrunk, the
 * length that it gives for a length-tracking array is still the old one.
 */
static bool bytes_of(JSContext *ctx, const char *call, JSValueConst array, bool writable,
                     struct host_span *out) {
  size_t start, length, size;
  if (JS_GetTypedArrayType(array) != JS_TYPED_ARRAY_UINT8) {
    host_throw(ctx, call, EINVAL, "buffer is not a Uint8Array");
    return false;
  }
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &start, &length, NULL);
  if (JS_IsException(buffer)) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    host_throw(ctx, call, EINVAL, "buffer is detached or too small for the array");
    return false;
  }
  uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, buffer);
  bool is_writable = JS_IsImmutableArrayBuffer(buffer) == 0; /* 1 immutable, -1 shared */
  JS_FreeValue(ctx, buffer); /* the array holds it */
  if (bytes == NULL && JS_HasException(ctx)) return false;
  if (writable && !is_writable) {
    host_throw(ctx, call, EINVAL, "buffer is immutable or shared");
    return false;
  }
  out->bytes = bytes + start;
  out->length = length < size - start ? length : size - start;
  return true;
}

bool host_arg_span(JSContext *ctx, const char *call, JSValueConst *argv, bool writable,
                   struct host_span *out) {
  int64_t offset, length;
  struct host_span all;
  if (!bytes_of(ctx, call, argv[0], writable, &all)) return false;
  if (!integer_of(ctx, argv[1], &offset) || !integer_of(ctx, argv[2], &length)) {
    host_throw(ctx, call, EINVAL, "offset or length is not an integer");
    return false;
  }
  if (offset < 0 || (uint64_t)offset > all.length || length < 0 ||
      (uint64_t)length > all.length - (uint64_t)offset) {
    host_throw(ctx, call, ERANGE, "%lld bytes at %lld do not fit a buffer of %zu", (long long)length,
               (long long)offset, all.length);
    return false;
  }
  out->bytes = all.bytes + offset;
  out->length = (size_t)length;
  return true;
}

bool host_arg_string(JSContext *ctx, const char *call, const char *what, JSValueConst value, const char **out,
                     size_t *out_length) {
  if (!JS_IsString(value)) {
    host_throw(ctx, call, EINVAL, "%s is not a string", what);
    return false;
  }
  const char *text = JS_ToCStringLen(ctx, out_length, value);
  if (text == NULL) return false; /* out of memory is pending */
  if (memchr(text, '\0', *out_length) != NULL) {
    JS_FreeCString(ctx, text);
    host_throw(ctx, call, EINVAL, "%s contains NUL", what);
    return false;
  }
  *out = text;
  return true;
}

bool host_arg_path(JSContext *ctx, const char *call, JSValueConst value, const char **out) {
  size_t length;
  if (!host_arg_string(ctx, call, "path", value, out, &length)) return false;
  int error = host_path_problem(*out, length);
  if (error == 0) return true;
  host_throw(ctx, call, error, error == EINVAL ? "%.200s is not absolute" : "%.200s...", *out);
  JS_FreeCString(ctx, *out);
  return false;
}
