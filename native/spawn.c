/* spawn as JavaScript sees it: checks the arguments, makes the result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "child.h"

/* A SpawnResult of sys.ts. */
static JSValue result_object(JSContext *ctx, const struct child *child) {
  const char *names[] = {"status", "signal", "stdout", "stderr", "timedOut", "truncated"};
  JSValue values[] = {
      JS_NewInt32(ctx, child->status),
      JS_NewInt32(ctx, child->signal),
      host_string(ctx, child->output[0].bytes, child->output[0].length),
      host_string(ctx, child->output[1].bytes, child->output[1].length),
      JS_NewBool(ctx, child->timed_out),
      JS_NewBool(ctx, child->truncated),
  };
  return host_object_of(ctx, 6, names, values);
}

static void free_strings(JSContext *ctx, char **strings) {
  for (char **string = strings; *string != NULL; string++) JS_FreeCString(ctx, *string);
  js_free(ctx, strings);
}

/* An array of strings as argv and environ have them; NULL with an exception pending. */
static char **string_array(JSContext *ctx, const char *what, JSValueConst value) {
  int64_t count;
  if (!JS_IsArray(value)) {
    host_throw(ctx, "spawn", EINVAL, "%s is not an array", what);
    return NULL;
  }
  if (JS_GetLength(ctx, value, &count) < 0) return NULL;
  if (count > HOST_MAX_SPAWN_STRINGS) {
    host_throw(ctx, "spawn", E2BIG, "%s has %lld strings", what, (long long)count);
    return NULL;
  }
  char **strings = js_calloc(ctx, (size_t)count + 1, sizeof *strings);
  for (int64_t i = 0; strings != NULL && i < count; i++) {
    JSValue element = JS_GetPropertyInt64(ctx, value, i);
    const char *text;
    size_t length;
    bool good = !JS_IsException(element) && host_arg_string(ctx, "spawn", what, element, &text, &length);
    JS_FreeValue(ctx, element);
    if (good) {
      strings[i] = (char *)text;
    } else {
      free_strings(ctx, strings);
      strings = NULL;
    }
  }
  return strings;
}

static bool program_is_valid(JSContext *ctx, JSValueConst argv) {
  const char *path;
  JSValue first = JS_GetPropertyInt64(ctx, argv, 0);
  bool valid = !JS_IsException(first) && host_arg_path(ctx, "spawn", first, &path);
  if (valid) JS_FreeCString(ctx, path);
  JS_FreeValue(ctx, first);
  return valid;
}

static bool environment_is_valid(JSContext *ctx, char **env) {
  for (; *env != NULL; env++) {
    if (strchr(*env, '=') <= *env) {
      host_throw(ctx, "spawn", EINVAL, "environment has %.200s", *env);
      return false;
    }
  }
  return true;
}

static JSValue execute(JSContext *ctx, struct child *child, char **argv, char **env) {
  host_kill_point();
  int error = host_child_run(child, argv, env);
  if (error != 0) return host_throw(ctx, "spawn", error, "%s", argv[0]);
  JSValue result = result_object(ctx, child);
  free(child->output[0].bytes);
  free(child->output[1].bytes);
  return result;
}

/* spawn(argv, env as NAME=VALUE, stdin, timeoutMs, maxOutputBytes) */
JSValue host_spawn(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct child child = {0};
  int64_t limit;
  int timeout_ms;
  if (!host_arg_timeout(ctx, "spawn", argv[3], &timeout_ms) ||
      !host_arg_integer(ctx, "spawn", "maxOutputBytes", argv[4], 1, HOST_MAX_SPAWN_BYTES, &limit)) {
    return JS_EXCEPTION;
  }
  if (!JS_IsString(argv[2])) return host_throw(ctx, "spawn", EINVAL, "stdin is not a string");
  child.limit = (size_t)limit;
  child.deadline = host_deadline(timeout_ms);

  char **strings = string_array(ctx, "argv", argv[0]);
  char **env = strings == NULL ? NULL : string_array(ctx, "environment", argv[1]);
  JSValue result = JS_EXCEPTION;
  if (env != NULL && program_is_valid(ctx, argv[0]) && environment_is_valid(ctx, env)) {
    child.stdin_bytes = JS_ToCStringLen(ctx, &child.stdin_left, argv[2]);
    if (child.stdin_bytes != NULL) {
      const char *text = child.stdin_bytes;
      result = child.stdin_left > HOST_MAX_SPAWN_BYTES
                   ? host_throw(ctx, "spawn", E2BIG, "stdin has %zu bytes", child.stdin_left)
                   : execute(ctx, &child, strings, env);
      JS_FreeCString(ctx, text);
    }
  }
  if (env != NULL) free_strings(ctx, env);
  if (strings != NULL) free_strings(ctx, strings);
  return result;
}
