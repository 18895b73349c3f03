/*
 * Descriptors: small numbers for the handles that the host has opened; JavaScript can name no other one.
 * 0, 1 and 2 are the standard handles.
 */
#include <errno.h>
#include "windows.h"

static struct {
  bool is_open;
  enum host_handle_kind kind;
  HANDLE handle;
} table[HOST_MAX_FDS];

enum { STANDARD = 3 };

static HANDLE standard_handle(int fd) {
  static const DWORD numbers[STANDARD] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  return GetStdHandle(numbers[fd]);
}

bool host_fd_known(int fd) { return fd >= 0 && fd < HOST_MAX_FDS && (fd < STANDARD || table[fd].is_open); }

static void close_handle(enum host_handle_kind kind, HANDLE handle) {
  if (kind == HOST_SOCKET) closesocket((SOCKET)handle);
  else CloseHandle(handle);
}

JSValue host_handle_return(JSContext *ctx, const char *call, enum host_handle_kind kind, HANDLE handle) {
  for (int fd = STANDARD; fd < HOST_MAX_FDS; fd++) {
    if (table[fd].is_open) continue;
    table[fd].is_open = true;
    table[fd].kind = kind;
    table[fd].handle = handle;
    return JS_NewInt32(ctx, fd);
  }
  close_handle(kind, handle);
  return host_throw(ctx, call, EMFILE, "descriptor %d", HOST_MAX_FDS);
}

bool host_arg_handle(JSContext *ctx, const char *call, JSValueConst value, enum host_handle_kind kind,
                     HANDLE *out) {
  int fd;
  if (!host_arg_fd(ctx, call, value, &fd)) return false;
  if (fd < STANDARD ? kind == HOST_SOCKET : table[fd].kind != kind) {
    host_throw(ctx, call, kind == HOST_SOCKET ? ENOTSOCK : EINVAL, "descriptor %d", fd);
    return false;
  }
  *out = fd < STANDARD ? standard_handle(fd) : table[fd].handle;
  if (*out != NULL && *out != INVALID_HANDLE_VALUE) return true;
  host_throw(ctx, call, EBADF, "descriptor %d was not given to this process", fd);
  return false;
}

JSValue host_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  if (!host_arg_fd(ctx, "close", argv[0], &fd)) return JS_EXCEPTION;
  if (fd < STANDARD) return host_throw(ctx, "close", EINVAL, "descriptor %d stays open", fd);
  table[fd].is_open = false;
  host_kill_point();
  close_handle(table[fd].kind, table[fd].handle);
  return JS_UNDEFINED;
}
