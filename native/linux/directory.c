/*
 * The names in a directory, straight from the kernel: opendir() allocates three times in each ADD what comes from a
 * mapping of its own, and asks for 2 KB at a time, 14 times for 250 leases.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "linux.h"

/* struct linux_dirent64 of linux/dirent.h */
struct entry {
  uint64_t inode;
  int64_t next;
  uint16_t length; /* of the entry, with what follows the name */
  uint8_t type;
  char name[];
};

enum { READ_BYTES = 32 * 1024 };

/* Not on the stack: only those of its pages cost something that are written to. */
static union {
  struct entry first;
  char bytes[READ_BYTES];
} buffer;

static bool is_other(const char *name) { return strcmp(name, ".") != 0 && strcmp(name, "..") != 0; }

/* Appends the names of the first `filled` bytes of the buffer; false with an exception set. */
static bool append(JSContext *ctx, const char *path, JSValueConst names, uint32_t *count, long filled) {
  const struct entry *entry;
  for (long at = 0; at < filled; at += entry->length) {
    entry = (const struct entry *)(buffer.bytes + at);
    if (!is_other(entry->name)) continue;
    if (*count == HOST_MAX_DIR_ENTRIES) {
      host_throw(ctx, "readdir", EOVERFLOW, "%s", path);
      return false;
    }
    JSValue name = host_string(ctx, entry->name, strlen(entry->name));
    if (JS_DefinePropertyValueUint32(ctx, names, (*count)++, name, JS_PROP_C_W_E) < 0) return false;
  }
  return true;
}

static JSValue names_in(JSContext *ctx, const char *path, int fd) {
  JSValue names = JS_NewArray(ctx);
  if (JS_IsException(names)) return names;
  uint32_t count = 0;
  for (;;) {
    long filled = syscall(SYS_getdents64, fd, buffer.bytes, sizeof buffer);
    if (filled == 0) return names;
    if (filled < 0) host_throw(ctx, "readdir", errno, "%s", path);
    if (filled < 0 || !append(ctx, path, names, &count, filled)) break;
  }
  JS_FreeValue(ctx, names);
  return JS_EXCEPTION;
}

JSValue host_readdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  const char *path;
  if (!host_arg_path(ctx, "readdir", argv[0], &path)) return JS_EXCEPTION;
  host_kill_point();
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  JSValue result;
  if (fd < 0) {
    result = host_throw(ctx, "readdir", errno, "%s", path);
  } else {
    result = names_in(ctx, path, fd);
    close(fd);
  }
  JS_FreeCString(ctx, path);
  return result;
}
