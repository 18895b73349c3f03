/* Open files: open, read, write and fsync. */
#include <errno.h>
#include <stdlib.h>
#include "windows.h"
#include "files.h"

enum { RETRIES = 50, RETRY_MS = 10, MAX_TRANSFER_BYTES = 1 << 30 };

bool host_retry(DWORD error, int *attempts) {
  if (error != ERROR_SHARING_VIOLATION && error != ERROR_DELETE_PENDING) return false;
  if (++*attempts > RETRIES) return false;
  Sleep(RETRY_MS);
  return true;
}

static DWORD access_of(int64_t flags) {
  DWORD access = flags & HOST_OPEN_READ ? GENERIC_READ : 0;
  if (flags & HOST_OPEN_APPEND) return access | FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
  return flags & HOST_OPEN_WRITE ? access | GENERIC_WRITE : access;
}

/* An errno value when what was opened is not what was asked for. */
static int kind_problem(HANDLE handle, int64_t flags) {
  FILE_ATTRIBUTE_TAG_INFO found;
  if (!GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof found)) return 0;
  bool is_link = found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT && host_is_link_tag(found.ReparseTag);
  bool is_directory = found.FileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  if (is_link && flags & HOST_OPEN_NO_FOLLOW) return flags & HOST_OPEN_DIRECTORY ? ENOTDIR : ELOOP;
  if (is_directory && flags & HOST_OPEN_WRITE) return EISDIR;
  return !is_directory && flags & HOST_OPEN_DIRECTORY ? ENOTDIR : 0;
}

static bool cut_to_nothing(HANDLE handle) {
  FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = 0};
  return SetFileInformationByHandle(handle, FileEndOfFileInfo, &end, sizeof end);
}

/* The handle, or INVALID_HANDLE_VALUE with an error of Windows. */
static HANDLE open_file(const wchar_t *path, int64_t flags) {
  DWORD disposition = !(flags & HOST_OPEN_CREATE)   ? OPEN_EXISTING
                      : flags & HOST_OPEN_EXCLUSIVE ? CREATE_NEW
                                               : OPEN_ALWAYS;
  /* With backup semantics a directory can be opened as well. */
  DWORD how = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS;
  if (flags & HOST_OPEN_NO_FOLLOW) how |= FILE_FLAG_OPEN_REPARSE_POINT;
  DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  HANDLE handle;
  int attempts = 0;
  do handle = CreateFileW(path, access_of(flags), share, NULL, disposition, how, NULL);
  while (handle == INVALID_HANDLE_VALUE && host_retry(GetLastError(), &attempts));
  return handle;
}

JSValue host_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t flags, mode;
  struct host_path path;
  if (!host_arg_integer(ctx, "open", "flags", argv[1], 1, HOST_OPEN_ALL, &flags) ||
      !host_arg_integer(ctx, "open", "mode", argv[2], 0, 07777, &mode) ||
      !host_arg_wide_path(ctx, "open", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  HANDLE handle = open_file(path.wide, flags);
  DWORD error = GetLastError();
  JSValue result;
  if (handle == INVALID_HANDLE_VALUE) {
    bool is_directory = error == ERROR_ACCESS_DENIED && host_is_directory(path.wide);
    result = is_directory ? host_throw(ctx, "open", EISDIR, "%s", path.text)
                          : host_throw_windows(ctx, "open", error, "%s", path.text);
  } else {
    int problem = kind_problem(handle, flags);
    if (problem != 0) {
      CloseHandle(handle);
      result = host_throw(ctx, "open", problem, "%s", path.text);
    } else if (flags & HOST_OPEN_TRUNCATE && flags & HOST_OPEN_WRITE && !cut_to_nothing(handle)) {
      error = GetLastError();
      CloseHandle(handle);
      result = host_throw_windows(ctx, "open", error, "%s", path.text);
    } else {
      result = host_handle_return(ctx, "open", HOST_FILE, handle);
    }
  }
  host_release_path(ctx, &path);
  return result;
}

static DWORD limited(size_t length) {
  return length > MAX_TRANSFER_BYTES ? MAX_TRANSFER_BYTES : (DWORD)length;
}

JSValue host_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  HANDLE handle;
  struct host_span span;
  if (!host_arg_handle(ctx, "read", argv[0], HOST_FILE, &handle) ||
      !host_arg_span(ctx, "read", argv + 1, true, &span)) {
    return JS_EXCEPTION;
  }
  DWORD count = 0;
  host_kill_point();
  if (ReadFile(handle, span.bytes, limited(span.length), &count, NULL)) return JS_NewInt64(ctx, count);
  DWORD error = GetLastError();
  if (error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF) return JS_NewInt32(ctx, 0);
  if (host_handle_is_directory(handle)) return host_throw(ctx, "read", EISDIR, "a directory");
  bool is_wrong_way = error == ERROR_ACCESS_DENIED; /* not opened for reading: Linux says EBADF */
  return host_throw_windows(ctx, "read", is_wrong_way ? ERROR_INVALID_HANDLE : error, "a descriptor");
}

/* A console takes UTF-16, whatever its code page; false when the handle is none, or for text that is too long. */
static bool write_to_console(HANDLE handle, struct host_span span) {
  enum { MAX_BYTES = 30000 };
  DWORD mode, written;
  if (span.length > MAX_BYTES || !GetConsoleMode(handle, &mode)) return false;
  wchar_t *wide = malloc((span.length + 1) * sizeof *wide);
  if (wide == NULL) return false;
  int count = MultiByteToWideChar(CP_UTF8, 0, (const char *)span.bytes, (int)span.length, wide, (int)span.length);
  bool good = count > 0 && WriteConsoleW(handle, wide, (DWORD)count, &written, NULL);
  free(wide);
  return good;
}

JSValue host_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  HANDLE handle;
  struct host_span span;
  if (!host_arg_handle(ctx, "write", argv[0], HOST_FILE, &handle) ||
      !host_arg_span(ctx, "write", argv + 1, false, &span)) {
    return JS_EXCEPTION;
  }
  DWORD count = 0;
  host_kill_point();
  if (write_to_console(handle, span)) return JS_NewInt64(ctx, (int64_t)span.length);
  if (WriteFile(handle, span.bytes, limited(span.length), &count, NULL)) return JS_NewInt64(ctx, count);
  DWORD error = GetLastError();
  bool is_wrong_way = error == ERROR_ACCESS_DENIED;
  return host_throw_windows(ctx, "write", is_wrong_way ? ERROR_INVALID_HANDLE : error, "a descriptor");
}

JSValue host_fsync(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  HANDLE handle;
  if (!host_arg_handle(ctx, "fsync", argv[0], HOST_FILE, &handle)) return JS_EXCEPTION;
  host_kill_point();
  if (FlushFileBuffers(handle)) return JS_UNDEFINED;
  DWORD error = GetLastError();
  /* Opened for reading only, or a pipe: there is nothing of ours to write. */
  if (error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_HANDLE) return JS_UNDEFINED;
  return host_throw_windows(ctx, "fsync", error, "a descriptor");
}
