/* What the process was started with: arguments and environment. */
#include <string.h>
#include "host.h"

int host_argc;
char **host_argv;
char **host_environment;

/* A runtime sets CNI_COMMAND; a person at a terminal wants the command-line tool. */
const struct host_image *host_choose_image(void) {
  const struct host_image *cli = host_find_image("cli");
  bool is_called = cli == NULL;
  for (char **entry = host_environment; *entry != NULL && !is_called; entry++) {
    is_called = strncmp(*entry, "CNI_COMMAND=", 12) == 0;
  }
  return is_called ? host_find_image("plugin") : cli;
}

JSValue host_args(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  JSValue result = JS_NewArray(ctx);
  for (int i = 0; i < host_argc && !JS_IsException(result); i++) {
    JSValue text = host_string(ctx, host_argv[i], strlen(host_argv[i]));
    if (JS_DefinePropertyValueUint32(ctx, result, (uint32_t)i, text, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, result);
      result = JS_EXCEPTION;
    }
  }
  return result;
}

/* An object without prototype; of a name that appears twice the first counts, as for getenv(3). */
JSValue host_environ(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  JSValue result = JS_NewObjectProto(ctx, JS_NULL);
  for (char **entry = host_environment; *entry != NULL && !JS_IsException(result); entry++) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL) continue;
    JSAtom name = JS_NewAtomLen(ctx, *entry, (size_t)(equals - *entry));
    int status = JS_HasProperty(ctx, result, name);
    if (status == 0) {
      JSValue value = host_string(ctx, equals + 1, strlen(equals + 1));
      status = JS_DefinePropertyValue(ctx, result, name, value, JS_PROP_C_W_E);
    }
    JS_FreeAtom(ctx, name);
    if (status < 0) {
      JS_FreeValue(ctx, result);
      result = JS_EXCEPTION;
    }
  }
  return result;
}
