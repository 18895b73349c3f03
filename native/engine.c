/* Runs one compiled program: a runtime with the built-ins that our code uses, the program, then its jobs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "host.h"

/* An async function of the command-line tool that fails must not pass for a success. */
static struct {
  int count;         /* promises that were rejected and have no handler */
  bool has_first;    /* the first of them, for the message */
  JSValue promise, reason;
} unhandled;

static void forget_first(JSContext *ctx) {
  if (!unhandled.has_first) return;
  JS_FreeValue(ctx, unhandled.promise);
  JS_FreeValue(ctx, unhandled.reason);
  unhandled.has_first = false;
}

static void track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled,
                            void *opaque) {
  (void)opaque;
  unhandled.count += handled ? -1 : 1;
  if (handled && unhandled.has_first && JS_IsStrictEqual(ctx, promise, unhandled.promise)) forget_first(ctx);
  if (!handled && !unhandled.has_first) {
    unhandled.promise = JS_DupValue(ctx, promise);
    unhandled.reason = JS_DupValue(ctx, reason);
    unhandled.has_first = true;
  }
}

static void print_property(JSContext *ctx, JSValueConst value, const char *name) {
  JSValue property = JS_GetPropertyStr(ctx, value, name);
  const char *text = JS_IsUndefined(property) ? NULL : JS_ToCString(ctx, property);
  if (text != NULL) fprintf(stderr, "%s\n", text);
  JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, property);
}

static void print_error(JSContext *ctx, JSValueConst error) {
  const char *text = JS_ToCString(ctx, error);
  fprintf(stderr, "azure-vnet: %s\n", text != NULL ? text : "an error without a text");
  JS_FreeCString(ctx, text);
  if (JS_IsObject(error)) print_property(ctx, error, "stack");
}

static void print_exception(JSContext *ctx) {
  JSValue exception = JS_GetException(ctx);
  print_error(ctx, exception);
  JS_FreeValue(ctx, exception);
}

/*
 * No eval (which would link the parser), Proxy, WeakRef or performance: our code has none, and each costs
 * start-up. The build compiles literals of regular expressions; the compiler is for `new RegExp(text)`.
 */
static JSContext *new_context(JSRuntime *runtime) {
  JSContext *ctx = JS_NewContextRaw(runtime);
  if (ctx == NULL) return NULL;
  if (JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicDate(ctx) || JS_AddIntrinsicRegExp(ctx) ||
      JS_AddIntrinsicJSON(ctx) || JS_AddIntrinsicMapSet(ctx) || JS_AddIntrinsicTypedArrays(ctx) ||
      JS_AddIntrinsicPromise(ctx)) {
    JS_FreeContext(ctx);
    return NULL;
  }
  return ctx;
}

static bool define_host(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx);
  int status = JS_DefinePropertyValueStr(ctx, global, "host", host_object(ctx), 0);
  JS_FreeValue(ctx, global);
  return status >= 0;
}

const struct host_image *host_find_image(const char *name) {
  for (const struct host_image *image = host_images; image->name != NULL; image++) {
    if (strcmp(image->name, name) == 0) return image;
  }
  return NULL;
}

static JSValue read_program(JSContext *ctx, const struct host_image *image) {
  if (image->stored_length == image->length) {
    return JS_ReadObject(ctx, image->bytes, image->length, JS_READ_OBJ_BYTECODE);
  }
  uint8_t *bytes = js_malloc(ctx, image->length);
  if (bytes == NULL) return JS_EXCEPTION;
  JSValue program = host_inflate(image->bytes, image->stored_length, bytes, image->length)
                        ? JS_ReadObject(ctx, bytes, image->length, JS_READ_OBJ_BYTECODE)
                        : JS_ThrowInternalError(ctx, "the image %s of this executable is damaged", image->name);
  js_free(ctx, bytes);
  return program;
}

bool host_evaluate(JSContext *ctx, const struct host_image *image) {
  JSValue program = read_program(ctx, image);
  if (JS_IsException(program)) return false;
  JSValue result = JS_EvalFunction(ctx, program);
  JS_FreeValue(ctx, result);
  return !JS_IsException(result);
}

/* load(name): evaluates another image in the same context, beside the program that runs. */
JSValue host_load(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  const char *name;
  size_t length;
  if (!host_arg_string(ctx, "load", "name", argv[0], &name, &length)) return JS_EXCEPTION;
  const struct host_image *image = host_find_image(name);
  if (image == NULL) host_throw(ctx, "load", ENOENT, "%.200s", name);
  JS_FreeCString(ctx, name);
  if (image != NULL) host_kill_loaded(image->name);
  return image != NULL && host_evaluate(ctx, image) ? JS_UNDEFINED : JS_EXCEPTION;
}

/* For the leak check of AddressSanitizer; the end of the process does it faster. */
static void end_engine(JSContext *ctx) {
#ifdef AZURE_VNET_PLAIN_MALLOC
  JSRuntime *runtime = JS_GetRuntime(ctx);
  forget_first(ctx);
  host_free_error_class(ctx);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
#else
  (void)ctx;
#endif
}

static bool run_jobs(JSRuntime *runtime) {
  for (;;) {
    JSContext *ctx;
    int status = JS_ExecutePendingJob(runtime, &ctx);
    if (status <= 0) return status == 0;
  }
}

JSContext *host_load_program(const struct host_image *image) {
  JSRuntime *runtime = host_new_runtime();
  if (runtime == NULL) return NULL;
  JS_SetGCThreshold(runtime, SIZE_MAX); /* cycles are freed by the end of the process */
  JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
  JSContext *ctx = new_context(runtime);
  if (ctx == NULL) return NULL;
  if (define_host(ctx) && host_evaluate(ctx, image)) return ctx;
  print_exception(ctx);
  end_engine(ctx);
  return NULL;
}

/* Calls host.main, which a program sets while it is loaded; those of the tests do all of their work then. */
static bool call_main(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx);
  JSValue host = JS_GetPropertyStr(ctx, global, "host");
  JSValue main = JS_GetPropertyStr(ctx, host, "main");
  JSValue result = JS_IsUndefined(main) ? JS_UNDEFINED : JS_Call(ctx, main, host, 0, NULL);
  bool good = !JS_IsException(main) && !JS_IsException(result);
  JS_FreeValue(ctx, result);
  JS_FreeValue(ctx, main);
  JS_FreeValue(ctx, host);
  JS_FreeValue(ctx, global);
  return good;
}

int host_run(const struct host_image *image) {
  JSContext *ctx = host_from_snapshot(image);
  if (ctx == NULL) ctx = host_load_program(image);
  if (ctx == NULL) return 1;
  bool good = call_main(ctx) && run_jobs(JS_GetRuntime(ctx));
  if (!good) print_exception(ctx);
  if (unhandled.count > 0) {
    print_error(ctx, unhandled.has_first ? unhandled.reason : JS_UNDEFINED);
    good = false;
  }
  end_engine(ctx);
  return good ? 0 : 1;
}
