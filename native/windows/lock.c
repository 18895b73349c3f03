/*
 * The lock of a file: one byte far behind its end, because a byte that is locked on Windows cannot be read or
 * written by others, and the file says who holds it. Windows releases it when the process ends.
 *
 * It is tried again and again rather than waited for: a wait for a lock on a file without FILE_FLAG_OVERLAPPED has no
 * timeout, and one that a thread was left in could take the lock later, for nobody.
 */
#include "windows.h"

/* Windows rounds up to its clock tick, at most 16 ms; the lock is held for some milliseconds. */
enum { ATTEMPT_EVERY_MS = 2 };

static DWORD try_lock(HANDLE file) {
  OVERLAPPED where = {.OffsetHigh = 0x7FFFFFFF};
  DWORD flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
  return LockFileEx(file, flags, 0, 1, 0, &where) ? 0 : GetLastError();
}

static bool is_held_by_another(DWORD error) { return error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING; }

JSValue host_lock(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  HANDLE file;
  int timeout_ms;
  if (!host_arg_handle(ctx, "lock", argv[0], HOST_FILE, &file) ||
      !host_arg_timeout(ctx, "lock", argv[1], &timeout_ms)) {
    return JS_EXCEPTION;
  }
  int64_t deadline = host_deadline(timeout_ms);
  host_kill_point();
  DWORD error = try_lock(file);
  while (is_held_by_another(error) && host_left_ms(deadline) > 0) {
    Sleep(ATTEMPT_EVERY_MS);
    error = try_lock(file);
  }
  if (error == 0) return JS_TRUE;
  return is_held_by_another(error) ? JS_FALSE : host_throw_windows(ctx, "lock", error, "a descriptor");
}
