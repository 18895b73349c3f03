/* The file tree: names and attributes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "linux.h"

int host_path_problem(const char *path, size_t length) {
  return length >= PATH_MAX ? ENAMETOOLONG : *path != '/' ? EINVAL : 0;
}

JSValue host_rename(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  const char *from, *to;
  if (!host_arg_path(ctx, "rename", argv[0], &from)) return JS_EXCEPTION;
  JSValue result = JS_EXCEPTION;
  if (host_arg_path(ctx, "rename", argv[1], &to)) {
    host_kill_point();
    result = JS_UNDEFINED;
    if (rename(from, to) < 0) result = host_throw(ctx, "rename", errno, "%.2000s to %.2000s", from, to);
    JS_FreeCString(ctx, to);
  }
  JS_FreeCString(ctx, from);
  return result;
}

/* unlink and rmdir: one path, no other argument. */
static JSValue remove_path(JSContext *ctx, const char *call, int (*remove)(const char *),
                           JSValueConst argument) {
  const char *path;
  if (!host_arg_path(ctx, call, argument, &path)) return JS_EXCEPTION;
  host_kill_point();
  JSValue result = remove(path) == 0 ? JS_UNDEFINED : host_throw(ctx, call, errno, "%s", path);
  JS_FreeCString(ctx, path);
  return result;
}

JSValue host_unlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return remove_path(ctx, "unlink", unlink, argv[0]);
}

JSValue host_rmdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return remove_path(ctx, "rmdir", rmdir, argv[0]);
}

JSValue host_mkdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t mode;
  const char *path;
  if (!host_arg_integer(ctx, "mkdir", "mode", argv[1], 0, 07777, &mode) ||
      !host_arg_path(ctx, "mkdir", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  JSValue result = JS_UNDEFINED;
  if (mkdir(path, (mode_t)mode) < 0) result = host_throw(ctx, "mkdir", errno, "%s", path);
  JS_FreeCString(ctx, path);
  return result;
}

static const char *type_of(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISLNK(mode)) return "symlink";
  if (S_ISSOCK(mode)) return "socket";
  return "other";
}

/* A FileStat of sys.ts. */
static JSValue stat_object(JSContext *ctx, const struct stat *stat) {
  char device[24], inode[24];
  snprintf(device, sizeof device, "%llu", (unsigned long long)stat->st_dev);
  snprintf(inode, sizeof inode, "%llu", (unsigned long long)stat->st_ino);
  const char *names[] = {"dev", "inode", "type", "mode", "sizeBytes", "mtimeMs"};
  JSValue values[] = {
      JS_NewString(ctx, device),
      JS_NewString(ctx, inode),
      JS_NewString(ctx, type_of(stat->st_mode)),
      JS_NewInt32(ctx, (int)(stat->st_mode & 07777)),
      JS_NewInt64(ctx, stat->st_size),
      JS_NewInt64(ctx, (int64_t)stat->st_mtim.tv_sec * 1000 + stat->st_mtim.tv_nsec / 1000000),
  };
  return host_object_of(ctx, 6, names, values);
}

JSValue host_stat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  bool follow;
  const char *path;
  struct stat found;
  if (!host_arg_bool(ctx, "stat", "follow", argv[1], &follow) ||
      !host_arg_path(ctx, "stat", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  int status = follow ? stat(path, &found) : lstat(path, &found);
  JSValue result = status == 0 ? stat_object(ctx, &found) : host_throw(ctx, "stat", errno, "%s", path);
  JS_FreeCString(ctx, path);
  return result;
}

JSValue host_fstat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  struct stat found;
  if (!host_arg_fd(ctx, "fstat", argv[0], &fd)) return JS_EXCEPTION;
  host_kill_point();
  if (fstat(fd, &found) < 0) return host_throw(ctx, "fstat", errno, "descriptor %d", fd);
  return stat_object(ctx, &found);
}

JSValue host_readlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  const char *path;
  char target[PATH_MAX];
  if (!host_arg_path(ctx, "readlink", argv[0], &path)) return JS_EXCEPTION;
  host_kill_point();
  ssize_t length = readlink(path, target, sizeof target);
  /* A target that fills the buffer may have been cut. */
  int error = length < 0 ? errno : length == sizeof target ? ENAMETOOLONG : 0;
  JSValue result =
      error == 0 ? host_string(ctx, target, (size_t)length) : host_throw(ctx, "readlink", error, "%s", path);
  JS_FreeCString(ctx, path);
  return result;
}
