/* Clocks and sleeping. */
#include "windows.h"

/* From 1601 to 1970, in steps of 100 ns. */
static const uint64_t UNIX_EPOCH = 116444736000000000;

JSValue host_monotonic_us(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  return JS_NewFloat64(ctx, (double)(host_monotonic_ns() / 1000));
}

JSValue host_realtime_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  uint64_t steps = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
  return JS_NewFloat64(ctx, (double)((steps - UNIX_EPOCH) / 10000));
}

/* Sleep may end up to one tick of the clock early. */
JSValue host_sleep_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int timeout_ms;
  if (!host_arg_timeout(ctx, "sleepMs", argv[0], &timeout_ms)) return JS_EXCEPTION;
  int64_t end = host_deadline(timeout_ms);
  host_kill_point();
  for (int left = timeout_ms; left > 0; left = host_left_ms(end)) Sleep((DWORD)left);
  return JS_UNDEFINED;
}
