/* This process: its namespace, leaving it and leaving its parent. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "linux.h"

JSValue host_set_netns(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  if (!host_arg_fd(ctx, "setNetns", argv[0], &fd)) return JS_EXCEPTION;
  host_kill_point();
  if (setns(fd, CLONE_NEWNET) < 0) return host_throw(ctx, "setNetns", errno, "descriptor %d", fd);
  return JS_UNDEFINED;
}

/* Closes the descriptors `first` to `last`. */
static void close_between(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  for (unsigned fd = first; fd <= last && fd < HOST_MAX_FDS; fd++) close((int)fd); /* before Linux 5.9 */
}

static bool is_own_socket(int fd) {
  struct stat stat;
  return host_fd_known(fd) && fstat(fd, &stat) == 0 && S_ISSOCK(stat.st_mode);
}

/*
 * The child keeps nothing of the parent open but the sockets that the host has opened: a caller waits for the end
 * of our pipes, and an flock lives as long as any descriptor that shares it. The sockets stay because the last close
 * of a netfilter socket waits for what was deleted through it, some 10 ms, and that is not to delay the parent.
 * 0 to 2 become /dev/null, so that no file gets their numbers.
 */
static void drop_descriptors(void) {
  int null = open("/dev/null", O_RDWR);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (null >= 0) dup2(null, fd);
    else close(fd);
  }
  unsigned first = STDERR_FILENO + 1;
  for (int fd = STDERR_FILENO + 1; fd < HOST_MAX_FDS; fd++) {
    if (is_own_socket(fd)) {
      close_between(first, (unsigned)fd - 1);
      first = (unsigned)fd + 1;
    } else {
      host_fd_forget(fd);
    }
  }
  close_between(first, ~0U);
}

JSValue host_detach(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  host_kill_point();
  pid_t child = fork();
  if (child < 0) return host_throw(ctx, "detach", errno, "fork");
  if (child > 0) return JS_NewString(ctx, "parent");
  setsid();
  drop_descriptors();
  return JS_NewString(ctx, "child");
}

JSValue host_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t status;
  if (!host_arg_integer(ctx, "exit", "status", argv[0], 0, 255, &status)) return JS_EXCEPTION;
  host_kill_report();
  _exit((int)status);
}

void host_vanish(void) {
  for (;;) kill(getpid(), SIGKILL);
}

JSValue host_pid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  return JS_NewInt32(ctx, getpid());
}
