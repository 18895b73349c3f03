/*
 * The C host of azure-vnet: what its files share.
 *
 * The host gives JavaScript one object, `host`, whose functions are those of src/sys/sys.ts. Nothing here
 * knows about CNI. Every argument is checked before it is used: a wrong one throws a SysError with the errno
 * name EBADF, EINVAL, ERANGE, E2BIG or ENAMETOOLONG, exactly like a refusal of the kernel.
 */
#ifndef AZURE_VNET_HOST_H
#define AZURE_VNET_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "quickjs.h"

enum {
  HOST_MAX_FDS = 1024,           /* descriptors above are refused with EMFILE */
  HOST_MAX_TIMEOUT_MS = 600000,  /* no wait is longer than ten minutes */
  HOST_MAX_DIR_ENTRIES = 65536,
  HOST_MAX_SPAWN_STRINGS = 4096,            /* argv and environment together */
  HOST_MAX_SPAWN_BYTES = 16 * 1024 * 1024,  /* stdin, and stdout and stderr each */
};

/* The bits of `flags` in open(path, flags, mode); quickjs.ts has the same list. */
enum {
  HOST_OPEN_READ = 1,
  HOST_OPEN_WRITE = 2,
  HOST_OPEN_CREATE = 4,
  HOST_OPEN_EXCLUSIVE = 8,
  HOST_OPEN_TRUNCATE = 16,
  HOST_OPEN_APPEND = 32,
  HOST_OPEN_NO_FOLLOW = 64,
  HOST_OPEN_DIRECTORY = 128,
  HOST_OPEN_ALL = 255,
};

/* ---- errors.c: how a refusal reaches JavaScript ---- */

/* Throws SysError(errno name, call, detail); returns JS_EXCEPTION. */
JSValue host_throw(JSContext *ctx, const char *call, int error, const char *format, ...)
    __attribute__((format(gnu_printf, 4, 5)));
/* useErrorClass(SysError): the class that host_throw constructs; the opaque pointer of the context leads to it. */
JSValue host_use_error_class(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
void host_free_error_class(JSContext *ctx);

/* ---- args.c: argument checks; false means that an exception is pending ---- */

/* A part of a Uint8Array, valid until JavaScript runs again. */
struct host_span {
  uint8_t *bytes;
  size_t length;
};

bool host_arg_integer(JSContext *ctx, const char *call, const char *what, JSValueConst value,
                      int64_t least, int64_t most, int64_t *out);
bool host_arg_bool(JSContext *ctx, const char *call, const char *what, JSValueConst value, bool *out);
bool host_arg_timeout(JSContext *ctx, const char *call, JSValueConst value, int *out_ms);
/* One of 0, 1, 2 or a descriptor that the host has returned and not closed; else EBADF. */
bool host_arg_fd(JSContext *ctx, const char *call, JSValueConst value, int *out);
/* argv: Uint8Array, offset, length. `writable` refuses an immutable buffer. */
bool host_arg_span(JSContext *ctx, const char *call, JSValueConst *argv, bool writable,
                   struct host_span *out);
/* A string without NUL; release it with JS_FreeCString. */
bool host_arg_string(JSContext *ctx, const char *call, const char *what, JSValueConst value, const char **out,
                     size_t *out_length);
/* An absolute path that is not too long; release it with JS_FreeCString. */
bool host_arg_path(JSContext *ctx, const char *call, JSValueConst value, const char **out);

/* ---- what each platform has in a directory of its own: linux/, windows/ ---- */

/* True for a descriptor that the host has returned and not closed, and for 0, 1 and 2. */
bool host_fd_known(int fd);
/* 0, EINVAL for a path that is not absolute, ENAMETOOLONG. */
int host_path_problem(const char *path, size_t length);
/* Zeroed memory, a multiple of 64 KB; the first `now` bytes will be used at once. NULL when there is none. */
void *host_pages(size_t bytes, size_t now);
struct host_image;
/* The context of the plugin out of its snapshot; NULL when this executable has none. */
JSContext *host_from_snapshot(const struct host_image *image);
/* Ends the process at once, without a trace, as a power cut would. */
void host_vanish(void) __attribute__((noreturn));
/* The functions that only this platform has. */
extern const JSCFunctionListEntry host_platform_functions[];
extern const int host_platform_function_count;

/* ---- deadline.c of the platform: waits ---- */

int64_t host_monotonic_ns(void);
/* Monotonic time in ns at which a wait of `timeout_ms` ends. */
int64_t host_deadline(int timeout_ms);
/* Milliseconds left, rounded up; 0 when the deadline has passed. */
int host_left_ms(int64_t deadline);

/* ---- text.c ---- */

/* A string from bytes; invalid UTF-8 becomes U+FFFD. */
JSValue host_string(JSContext *ctx, const void *bytes, size_t length);

/* An object of named values, which it takes over. */
JSValue host_object_of(JSContext *ctx, int count, const char *const *names, const JSValue *values);

/* ---- engine.c, alloc.c ---- */

/* A compiled program, or a part of one that is loaded on demand. */
struct host_image {
  const char *name;
  const uint8_t *bytes;
  size_t stored_length; /* less than `length` when the bytes are deflated */
  size_t length;
};
extern const struct host_image host_images[]; /* images.c, written by the build; the last has no name */

/* The image of this name; NULL when it is not part of this executable. */
const struct host_image *host_find_image(const char *name);
/* Evaluates an image; false with an exception pending. */
bool host_evaluate(JSContext *ctx, const struct host_image *image);
/* A context in which an image is loaded; NULL when the image fails, which is then told on stderr. */
JSContext *host_load_program(const struct host_image *image);
/* Runs an image and all jobs that it leaves; returns the exit status. */
int host_run(const struct host_image *image);
JSValue host_object(JSContext *ctx);
JSRuntime *host_new_runtime(void);

enum {
  HOST_HEAP_BYTES = 1024 * 1024, /* the first chunk of the heap */
  /* Given by the kernel at once, which is faster than page by page: what an ordinary call uses. */
  HOST_HEAP_NOW_BYTES = 768 * 1024,
};

/* Makes the heap; host_new_runtime does it unless it was done before. */
bool host_new_heap(void);
/* What is used of the first chunk; who makes a heap of a copy of it gets `ctx`. */
struct host_span host_heap_for(JSContext *ctx);
/* Makes a heap of the copy at `copy`, which has HOST_HEAP_BYTES; the context that it was made for. */
JSContext *host_use_heap(void *copy);
/* Of the engine (quickjs.patch): where the heap begins; whether to clear what is freed. */
extern uintptr_t js_heap_start;
extern bool js_heap_wiped;

/* ---- inflate.c ---- */

/* Unpacks deflated bytes (RFC 1951); false unless they are whole, right, and give exactly `length` bytes. */
bool host_inflate(const uint8_t *packed, size_t packed_length, uint8_t *out, size_t length);

/* ---- the functions, by file; functions.c makes the object ---- */

#define HOST_FUNCTION(name) JSValue name(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)

HOST_FUNCTION(host_open);
HOST_FUNCTION(host_close);
HOST_FUNCTION(host_read);
HOST_FUNCTION(host_write);
HOST_FUNCTION(host_fsync);
HOST_FUNCTION(host_lock);

HOST_FUNCTION(host_rename);
HOST_FUNCTION(host_unlink);
HOST_FUNCTION(host_mkdir);
HOST_FUNCTION(host_rmdir);
HOST_FUNCTION(host_readdir);
HOST_FUNCTION(host_stat);
HOST_FUNCTION(host_fstat);
HOST_FUNCTION(host_readlink);

HOST_FUNCTION(host_connect_tcp);
HOST_FUNCTION(host_send);
HOST_FUNCTION(host_recv);

HOST_FUNCTION(host_spawn);
HOST_FUNCTION(host_exit);
HOST_FUNCTION(host_pid);
HOST_FUNCTION(host_args);
HOST_FUNCTION(host_environ);

HOST_FUNCTION(host_monotonic_us);
HOST_FUNCTION(host_realtime_ms);
HOST_FUNCTION(host_sleep_ms);

HOST_FUNCTION(host_load);

HOST_FUNCTION(host_encode_utf8);
HOST_FUNCTION(host_decode_utf8);
HOST_FUNCTION(host_sha1_hex);

/* ---- invocation.c ---- */

/* What the process was started with, in UTF-8. */
extern int host_argc;
extern char **host_argv;
extern char **host_environment;
const struct host_image *host_choose_image(void);

/* ---- kill.c: only in the test executable ---- */

#ifdef AZURE_VNET_KILL_POINTS
/* Counts a call to the system; ends the process by SIGKILL before the one that AZURE_VNET_KILL_AT names. */
void host_kill_point(void);
/* With AZURE_VNET_KILL_AT=0 prints the number of calls to stderr. */
void host_kill_report(void);
/* With AZURE_VNET_KILL_AT=0 prints to stderr that an image was loaded on demand. */
void host_kill_loaded(const char *image);
#else
static inline void host_kill_point(void) {}
static inline void host_kill_report(void) {}
static inline void host_kill_loaded(const char *image) { (void)image; }
#endif

#endif
