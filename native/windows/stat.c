/* Attributes of files. */
#include <errno.h>
#include <stdio.h>
#include "files.h"

/* From 1601 to 1970, in steps of 100 ns. */
static const uint64_t UNIX_EPOCH = 116444736000000000;
/* Windows has access lists instead of modes; of these only what the plugin asks about is told. */
enum { MODE_FILE = 0600, MODE_PRIVATE = 0700, MODE_OPEN = 0777 };

static JSValue stat_object(JSContext *ctx, HANDLE handle, const char *type, const BY_HANDLE_FILE_INFORMATION *found) {
  char device[24], inode[24];
  snprintf(device, sizeof device, "%lu", found->dwVolumeSerialNumber);
  uint64_t index = (uint64_t)found->nFileIndexHigh << 32 | found->nFileIndexLow;
  snprintf(inode, sizeof inode, "%llu", (unsigned long long)index);
  uint64_t size = (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow;
  uint64_t written = (uint64_t)found->ftLastWriteTime.dwHighDateTime << 32 | found->ftLastWriteTime.dwLowDateTime;
  bool is_directory = found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  int mode = !is_directory ? MODE_FILE : host_others_may_write(handle) ? MODE_OPEN : MODE_PRIVATE;
  const char *names[] = {"dev", "inode", "type", "mode", "sizeBytes", "mtimeMs"};
  JSValue values[] = {
      JS_NewString(ctx, device),
      JS_NewString(ctx, inode),
      JS_NewString(ctx, type),
      JS_NewInt32(ctx, mode),
      JS_NewInt64(ctx, (int64_t)size),
      JS_NewInt64(ctx, ((int64_t)written - (int64_t)UNIX_EPOCH) / 10000),
  };
  return host_object_of(ctx, 6, names, values);
}

static const char *type_of(HANDLE handle, const BY_HANDLE_FILE_INFORMATION *found) {
  FILE_ATTRIBUTE_TAG_INFO tag;
  if (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT &&
      GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof tag) &&
      host_is_link_tag(tag.ReparseTag)) {
    return "symlink";
  }
  return found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? "directory" : "file";
}

static JSValue stat_of(JSContext *ctx, HANDLE handle, const char *what) {
  BY_HANDLE_FILE_INFORMATION found = {0};
  if (GetFileType(handle) != FILE_TYPE_DISK) return stat_object(ctx, handle, "other", &found);
  if (!GetFileInformationByHandle(handle, &found)) {
    return host_throw_windows(ctx, "stat", GetLastError(), "%s", what);
  }
  return stat_object(ctx, handle, type_of(handle, &found), &found);
}

JSValue host_stat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  bool follow;
  struct host_path path;
  if (!host_arg_bool(ctx, "stat", "follow", argv[1], &follow) ||
      !host_arg_wide_path(ctx, "stat", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  DWORD how = FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
  DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  DWORD rights[] = {FILE_READ_ATTRIBUTES | READ_CONTROL, FILE_READ_ATTRIBUTES};
  HANDLE handle = INVALID_HANDLE_VALUE;
  for (int i = 0; i < 2 && handle == INVALID_HANDLE_VALUE; i++) {
    handle = CreateFileW(path.wide, rights[i], share, NULL, OPEN_EXISTING, how, NULL);
  }
  JSValue result;
  if (handle == INVALID_HANDLE_VALUE) {
    result = host_throw_windows(ctx, "stat", GetLastError(), "%s", path.text);
  } else {
    result = stat_of(ctx, handle, path.text);
    CloseHandle(handle);
  }
  host_release_path(ctx, &path);
  return result;
}

JSValue host_fstat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  HANDLE handle;
  if (!host_arg_handle(ctx, "fstat", argv[0], HOST_FILE, &handle)) return JS_EXCEPTION;
  host_kill_point();
  return stat_of(ctx, handle, "a descriptor");
}
