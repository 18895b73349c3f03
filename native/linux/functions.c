/* The functions that only Linux has. */
#include "linux.h"

const JSCFunctionListEntry host_platform_functions[] = {
    JS_CFUNC_DEF("netlink", 1, host_netlink),
    JS_CFUNC_DEF("setNetns", 1, host_set_netns),
    JS_CFUNC_DEF("detach", 0, host_detach),
    JS_CFUNC_DEF("sleepUntilUs", 1, host_sleep_until_us),
};
const int host_platform_function_count = sizeof host_platform_functions / sizeof host_platform_functions[0];
