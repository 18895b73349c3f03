/* Clocks and sleeping. */
#include <errno.h>
#include <time.h>
#include "linux.h"

JSValue host_monotonic_us(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  return JS_NewFloat64(ctx, (double)(host_monotonic_ns() / 1000));
}

JSValue host_realtime_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return JS_NewFloat64(ctx, (double)((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000));
}

static void sleep_until(int64_t end) {
  struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
  host_kill_point();
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

JSValue host_sleep_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int timeout_ms;
  if (!host_arg_timeout(ctx, "sleepMs", argv[0], &timeout_ms)) return JS_EXCEPTION;
  sleep_until(host_deadline(timeout_ms));
  return JS_UNDEFINED;
}

/* sleepUntilUs(time): by the clock of monotonicUs; not at all when the time has passed. */
JSValue host_sleep_until_us(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t until_us;
  int64_t last_us = host_deadline(HOST_MAX_TIMEOUT_MS) / 1000;
  if (!host_arg_integer(ctx, "sleepUntilUs", "time", argv[0], 0, last_us, &until_us)) return JS_EXCEPTION;
  sleep_until(until_us * 1000);
  return JS_UNDEFINED;
}
