/* Open files: open, close, read, write, fsync and flock. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>
#include "linux.h"

static int kernel_flags(int64_t flags) {
  /* O_NONBLOCK changes nothing for regular files, and keeps a FIFO in place of one from hanging the call. */
  int result = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  result |= !(flags & HOST_OPEN_WRITE) ? O_RDONLY : (flags & HOST_OPEN_READ) ? O_RDWR : O_WRONLY;
  if (flags & HOST_OPEN_CREATE) result |= O_CREAT;
  if (flags & HOST_OPEN_EXCLUSIVE) result |= O_EXCL;
  if (flags & HOST_OPEN_TRUNCATE) result |= O_TRUNC;
  if (flags & HOST_OPEN_APPEND) result |= O_APPEND;
  if (flags & HOST_OPEN_NO_FOLLOW) result |= O_NOFOLLOW;
  if (flags & HOST_OPEN_DIRECTORY) result |= O_DIRECTORY;
  return result;
}

JSValue host_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t flags, mode;
  const char *path;
  if (!host_arg_integer(ctx, "open", "flags", argv[1], 1, HOST_OPEN_ALL, &flags) ||
      !host_arg_integer(ctx, "open", "mode", argv[2], 0, 07777, &mode) ||
      !host_arg_path(ctx, "open", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  int fd;
  host_kill_point();
  do fd = open(path, kernel_flags(flags), (mode_t)mode);
  while (fd < 0 && errno == EINTR);
  JSValue result = fd < 0 ? host_throw(ctx, "open", errno, "%s", path) : host_fd_return(ctx, "open", fd);
  JS_FreeCString(ctx, path);
  return result;
}

JSValue host_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  if (!host_arg_fd(ctx, "close", argv[0], &fd)) return JS_EXCEPTION;
  /* A closed standard descriptor would be given to the next file that is opened. */
  if (fd <= STDERR_FILENO) return host_throw(ctx, "close", EINVAL, "descriptor %d stays open", fd);
  host_fd_forget(fd);
  host_kill_point();
  /* After EINTR Linux has closed the descriptor all the same. */
  if (close(fd) < 0 && errno != EINTR) return host_throw(ctx, "close", errno, "descriptor %d", fd);
  return JS_UNDEFINED;
}

/* Whoever started us may have made the standard streams non-blocking; files are never waited for. */
static bool should_retry(int fd, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN || fd > STDERR_FILENO) return false;
  struct pollfd wait = {.fd = fd, .events = events};
  return poll(&wait, 1, HOST_MAX_TIMEOUT_MS) != 0; /* 0: EAGAIN reaches the caller */
}

JSValue host_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  struct host_span span;
  if (!host_arg_fd(ctx, "read", argv[0], &fd) || !host_arg_span(ctx, "read", argv + 1, true, &span)) {
    return JS_EXCEPTION;
  }
  ssize_t count;
  host_kill_point();
  do count = read(fd, span.bytes, span.length);
  while (count < 0 && should_retry(fd, POLLIN));
  if (count < 0) return host_throw(ctx, "read", errno, "descriptor %d", fd);
  return JS_NewInt64(ctx, count);
}

JSValue host_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  struct host_span span;
  if (!host_arg_fd(ctx, "write", argv[0], &fd) || !host_arg_span(ctx, "write", argv + 1, false, &span)) {
    return JS_EXCEPTION;
  }
  ssize_t count;
  host_kill_point();
  do count = write(fd, span.bytes, span.length);
  while (count < 0 && should_retry(fd, POLLOUT));
  if (count < 0) return host_throw(ctx, "write", errno, "descriptor %d", fd);
  return JS_NewInt64(ctx, count);
}

JSValue host_fsync(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd, status;
  if (!host_arg_fd(ctx, "fsync", argv[0], &fd)) return JS_EXCEPTION;
  host_kill_point();
  do status = fsync(fd);
  while (status < 0 && errno == EINTR);
  return status < 0 ? host_throw(ctx, "fsync", errno, "descriptor %d", fd) : JS_UNDEFINED;
}

/* Waits in the kernel, so that waiters are served in order; SIGALRM ends the wait. */
static int flock_until(int fd, int64_t deadline) {
  int status, error;
  host_alarm_arm(deadline);
  do {
    status = flock(fd, LOCK_EX);
    error = errno;
  } while (status < 0 && error == EINTR && host_left_ms(deadline) > 0);
  host_alarm_disarm();
  return status == 0 ? 0 : error;
}

JSValue host_lock(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd, timeout_ms;
  if (!host_arg_fd(ctx, "lock", argv[0], &fd) || !host_arg_timeout(ctx, "lock", argv[1], &timeout_ms)) {
    return JS_EXCEPTION;
  }
  int64_t deadline = host_deadline(timeout_ms);
  host_kill_point();
  int error = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  if (error == EWOULDBLOCK && timeout_ms > 0) error = flock_until(fd, deadline);
  if (error == 0) return JS_TRUE;
  if (error == EWOULDBLOCK || error == EINTR) return JS_FALSE;
  return host_throw(ctx, "lock", error, "descriptor %d", fd);
}
