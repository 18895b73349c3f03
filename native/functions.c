/* The object `host`: the functions of every platform and those of one. A missing argument arrives as undefined and is refused. */
#include "host.h"

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("useErrorClass", 1, host_use_error_class),
    JS_CFUNC_DEF("openWithFlags", 3, host_open),
    JS_CFUNC_DEF("close", 1, host_close),
    JS_CFUNC_DEF("read", 4, host_read),
    JS_CFUNC_DEF("write", 4, host_write),
    JS_CFUNC_DEF("fsync", 1, host_fsync),
    JS_CFUNC_DEF("lock", 2, host_lock),
    JS_CFUNC_DEF("rename", 2, host_rename),
    JS_CFUNC_DEF("unlink", 1, host_unlink),
    JS_CFUNC_DEF("mkdir", 2, host_mkdir),
    JS_CFUNC_DEF("rmdir", 1, host_rmdir),
    JS_CFUNC_DEF("readdir", 1, host_readdir),
    JS_CFUNC_DEF("stat", 2, host_stat),
    JS_CFUNC_DEF("fstat", 1, host_fstat),
    JS_CFUNC_DEF("readlink", 1, host_readlink),
    JS_CFUNC_DEF("connectTcp", 3, host_connect_tcp),
    JS_CFUNC_DEF("send", 5, host_send),
    JS_CFUNC_DEF("recv", 5, host_recv),
    JS_CFUNC_DEF("spawnWithLists", 5, host_spawn),
    JS_CFUNC_DEF("exit", 1, host_exit),
    JS_CFUNC_DEF("pid", 0, host_pid),
    JS_CFUNC_DEF("args", 0, host_args),
    JS_CFUNC_DEF("environ", 0, host_environ),
    JS_CFUNC_DEF("monotonicUs", 0, host_monotonic_us),
    JS_CFUNC_DEF("realtimeMs", 0, host_realtime_ms),
    JS_CFUNC_DEF("sleepMs", 1, host_sleep_ms),
    JS_CFUNC_DEF("load", 1, host_load),
    JS_CFUNC_DEF("encodeUtf8", 1, host_encode_utf8),
    JS_CFUNC_DEF("decodeUtf8", 3, host_decode_utf8),
    JS_CFUNC_DEF("sha1Hex", 3, host_sha1_hex),
};

JSValue host_object(JSContext *ctx) {
  JSValue object = JS_NewObject(ctx);
  if (JS_IsException(object)) return object;
  int count = sizeof functions / sizeof functions[0];
  if (JS_SetPropertyFunctionList(ctx, object, functions, count) < 0 ||
      JS_SetPropertyFunctionList(ctx, object, host_platform_functions, host_platform_function_count) < 0) {
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
  }
  return object;
}
