/* UTF-8 between byte buffers and JavaScript strings. */
#include <errno.h>
#include <string.h>
#include "host.h"

/*
 * The engine reads and writes a lone surrogate as the bytes ED A0..BF xx, which is not UTF-8 (RFC 3629, 3).
 * Returns the next such place at or after `from`, or `length`.
 */
static size_t next_surrogate(const uint8_t *bytes, size_t from, size_t length) {
  while (from < length) {
    const uint8_t *found = memchr(bytes + from, 0xED, length - from);
    if (found == NULL) break;
    from = (size_t)(found - bytes);
    if (from + 1 < length && bytes[from + 1] >= 0xA0 && bytes[from + 1] <= 0xBF) return from;
    from++;
  }
  return length;
}

JSValue host_string(JSContext *ctx, const void *bytes, size_t length) {
  size_t at = next_surrogate(bytes, 0, length);
  if (at == length) return JS_NewStringLen(ctx, bytes, length);
  uint8_t *copy = js_malloc(ctx, length);
  if (copy == NULL) return JS_EXCEPTION;
  memcpy(copy, bytes, length);
  /* A byte that begins nothing: the engine then takes each of the three for an error. */
  for (; at < length; at = next_surrogate(copy, at, length)) copy[at] = 0xFF;
  JSValue string = JS_NewStringLen(ctx, (const char *)copy, length);
  js_free(ctx, copy);
  return string;
}

/* The encoding of U+FFFD has three bytes as well, so it fits in place. */
static void replace_surrogates(uint8_t *bytes, size_t length) {
  static const uint8_t replacement[3] = {0xEF, 0xBF, 0xBD};
  for (size_t at = next_surrogate(bytes, 0, length); at < length; at = next_surrogate(bytes, at, length)) {
    memcpy(bytes + at, replacement, sizeof replacement);
  }
}

JSValue host_encode_utf8(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  size_t length;
  if (!JS_IsString(argv[0])) return host_throw(ctx, "encodeUtf8", EINVAL, "text is not a string");
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (text == NULL) return JS_EXCEPTION;
  JSValue result = JS_NewUint8ArrayCopy(ctx, (const uint8_t *)text, length);
  JS_FreeCString(ctx, text);
  if (!JS_IsException(result)) {
    size_t size;
    replace_surrogates(JS_GetUint8Array(ctx, &size, result), length);
  }
  return result;
}

JSValue host_decode_utf8(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct host_span span;
  if (!host_arg_span(ctx, "decodeUtf8", argv, false, &span)) return JS_EXCEPTION;
  return host_string(ctx, span.bytes, span.length);
}

/*
 * An object of named values, which it takes over. Not JS_NewObjectFromStr: with another empty object alive
 * the engine (0.15.1) has one shape for both, which that function writes to in place: the heap is corrupt.
 */
JSValue host_object_of(JSContext *ctx, int count, const char *const *names, const JSValue *values) {
  JSValue object = JS_NewObject(ctx);
  bool good = !JS_IsException(object);
  for (int i = 0; i < count; i++) {
    if (!good) {
      JS_FreeValue(ctx, values[i]);
    } else if (JS_DefinePropertyValueStr(ctx, object, names[i], values[i], JS_PROP_C_W_E) < 0) {
      good = false;
    }
  }
  if (good) return object;
  JS_FreeValue(ctx, object);
  return JS_EXCEPTION;
}
