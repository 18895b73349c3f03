/* The functions that only Windows has, and those of Linux that it refuses. */
#include <errno.h>
#include "windows.h"

static const char *const absent[] = {"netlink", "setNetns", "detach"};

static JSValue refuse(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int which) {
  (void)self, (void)argc, (void)argv;
  return host_throw(ctx, absent[which], ENOSYS, "on Windows");
}

/* Nothing that the plugin keeps is a symbolic link. */
JSValue host_readlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  const char *path;
  if (!host_arg_path(ctx, "readlink", argv[0], &path)) return JS_EXCEPTION;
  JS_FreeCString(ctx, path);
  return host_throw(ctx, "readlink", ENOSYS, "on Windows");
}

const JSCFunctionListEntry host_platform_functions[] = {
    JS_CFUNC_MAGIC_DEF("netlink", 1, refuse, 0),
    JS_CFUNC_MAGIC_DEF("setNetns", 1, refuse, 1),
    JS_CFUNC_MAGIC_DEF("detach", 0, refuse, 2),
    JS_CFUNC_DEF("link", 2, host_link),
    JS_CFUNC_DEF("adapters", 0, host_adapters),
    JS_CFUNC_DEF("isRunning", 1, host_is_running),
    JS_CFUNC_DEF("bootId", 0, host_boot_id),
    JS_CFUNC_DEF("osBuild", 0, host_os_build),
    JS_CFUNC_DEF("executablePath", 0, host_own_path),
    JS_CFUNC_DEF("newGuid", 0, host_new_guid),
    JS_CFUNC_DEF("hnsCall", 4, host_hns_call),
    JS_CFUNC_DEF("hcsModify", 3, host_hcs_modify),
    JS_CFUNC_DEF("hcnEnumerate", 3, host_hcn_enumerate),
    JS_CFUNC_DEF("hcnQuery", 4, host_hcn_query),
    JS_CFUNC_DEF("hcnCreateNetwork", 3, host_hcn_create_network),
    JS_CFUNC_DEF("hcnCreateEndpoint", 4, host_hcn_create_endpoint),
    JS_CFUNC_DEF("hcnModify", 4, host_hcn_modify),
    JS_CFUNC_DEF("hcnDelete", 3, host_hcn_delete),
};
const int host_platform_function_count = sizeof host_platform_functions / sizeof host_platform_functions[0];
