/* The file tree: names, directories and attributes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "files.h"

/* From <ntifs.h> and <winbase.h> of Windows 10, which mingw may not have. */
static const FILE_INFO_BY_HANDLE_CLASS DISPOSITION_INFO_EX = (FILE_INFO_BY_HANDLE_CLASS)21;
static const FILE_INFO_BY_HANDLE_CLASS RENAME_INFO_EX = (FILE_INFO_BY_HANDLE_CLASS)22;
enum {
  DISPOSITION_DELETE = 1,
  DISPOSITION_POSIX = 2,
  DISPOSITION_IGNORE_READONLY = 16,
  RENAME_REPLACE = 1,
  RENAME_POSIX = 2,
};

struct rename_info { /* FILE_RENAME_INFO with its Flags */
  DWORD flags;
  HANDLE root;
  DWORD name_bytes;
  wchar_t name[];
};

static const DWORD SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

bool host_is_link_tag(DWORD tag) { return tag == IO_REPARSE_TAG_SYMLINK || tag == IO_REPARSE_TAG_MOUNT_POINT; }

bool host_is_directory(const wchar_t *path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

bool host_handle_is_directory(HANDLE handle) {
  FILE_ATTRIBUTE_TAG_INFO found;
  return GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof found) &&
         found.FileAttributes & FILE_ATTRIBUTE_DIRECTORY;
}

static HANDLE open_for(const wchar_t *path, DWORD access) {
  DWORD how = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
  return CreateFileW(path, access, SHARE_ALL, NULL, OPEN_EXISTING, how, NULL);
}

/* As rename(2): the new name is replaced also while others have that file open. 0 or an error of Windows. */
static DWORD posix_rename(const wchar_t *from, const wchar_t *to) {
  size_t name_bytes = wcslen(to) * sizeof *to;
  size_t size = sizeof(struct rename_info) + name_bytes + sizeof *to;
  struct rename_info *info = calloc(1, size);
  if (info == NULL) return ERROR_OUTOFMEMORY;
  info->flags = RENAME_REPLACE | RENAME_POSIX;
  info->name_bytes = (DWORD)name_bytes;
  memcpy(info->name, to, name_bytes);
  HANDLE handle = open_for(from, DELETE | SYNCHRONIZE);
  DWORD error = 0;
  if (handle == INVALID_HANDLE_VALUE) {
    error = GetLastError();
  } else {
    if (!SetFileInformationByHandle(handle, RENAME_INFO_EX, info, (DWORD)size)) error = GetLastError();
    CloseHandle(handle);
  }
  free(info);
  return error;
}

/* File systems that do not know POSIX semantics refuse the request as such. */
static bool is_unknown_request(DWORD error) {
  return error == ERROR_INVALID_PARAMETER || error == ERROR_INVALID_FUNCTION || error == ERROR_NOT_SUPPORTED ||
         error == ERROR_CALL_NOT_IMPLEMENTED || error == ERROR_INVALID_LEVEL || error == ERROR_BAD_LENGTH;
}

static DWORD rename_once(const wchar_t *from, const wchar_t *to) {
  DWORD error = posix_rename(from, to);
  if (!is_unknown_request(error)) return error;
  return MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING) ? 0 : GetLastError();
}

JSValue host_rename(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct host_path from, to;
  if (!host_arg_wide_path(ctx, "rename", argv[0], &from)) return JS_EXCEPTION;
  JSValue result = JS_EXCEPTION;
  if (host_arg_wide_path(ctx, "rename", argv[1], &to)) {
    host_kill_point();
    DWORD error;
    int attempts = 0;
    /* Without POSIX semantics a target that others have open refuses with ACCESS_DENIED. */
    do error = rename_once(from.wide, to.wide);
    while (error != 0 && host_retry(error == ERROR_ACCESS_DENIED && !host_is_directory(to.wide)
                                        ? ERROR_SHARING_VIOLATION
                                        : error,
                                    &attempts));
    result = error == 0 ? JS_UNDEFINED
                        : host_throw_windows(ctx, "rename", error, "%.2000s to %.2000s", from.text, to.text);
    host_release_path(ctx, &to);
  }
  host_release_path(ctx, &from);
  return result;
}

/* link(existing, path): another name of the same file. */
JSValue host_link(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct host_path existing, path;
  if (!host_arg_wide_path(ctx, "link", argv[0], &existing)) return JS_EXCEPTION;
  JSValue result = JS_EXCEPTION;
  if (host_arg_wide_path(ctx, "link", argv[1], &path)) {
    host_kill_point();
    result = JS_UNDEFINED;
    if (!CreateHardLinkW(path.wide, existing.wide, NULL)) {
      result = host_throw_windows(ctx, "link", GetLastError(), "%.2000s to %.2000s", existing.text, path.text);
    }
    host_release_path(ctx, &path);
  }
  host_release_path(ctx, &existing);
  return result;
}

/* Removes the name at once, also while others have the file open. 0 or an error of Windows. */
static DWORD remove_once(const wchar_t *path, bool directory) {
  HANDLE handle = open_for(path, DELETE | FILE_READ_ATTRIBUTES | SYNCHRONIZE);
  if (handle == INVALID_HANDLE_VALUE) return GetLastError();
  DWORD error = 0;
  if (host_handle_is_directory(handle) != directory) {
    error = directory ? ERROR_DIRECTORY : ERROR_ACCESS_DENIED;
  } else {
    DWORD flags = DISPOSITION_DELETE | DISPOSITION_POSIX | DISPOSITION_IGNORE_READONLY;
    if (!SetFileInformationByHandle(handle, DISPOSITION_INFO_EX, &flags, sizeof flags)) error = GetLastError();
  }
  CloseHandle(handle);
  if (!is_unknown_request(error)) return error;
  return (directory ? RemoveDirectoryW(path) : DeleteFileW(path)) ? 0 : GetLastError();
}

static JSValue remove_path(JSContext *ctx, const char *call, bool directory, JSValueConst argument) {
  struct host_path path;
  if (!host_arg_wide_path(ctx, call, argument, &path)) return JS_EXCEPTION;
  host_kill_point();
  DWORD error;
  int attempts = 0;
  do error = remove_once(path.wide, directory);
  while (error != 0 && host_retry(error, &attempts));
  JSValue result = JS_UNDEFINED;
  if (error == ERROR_ACCESS_DENIED && !directory && host_is_directory(path.wide)) {
    result = host_throw(ctx, call, EISDIR, "%s", path.text);
  } else if (error != 0) {
    result = host_throw_windows(ctx, call, error, "%s", path.text);
  }
  host_release_path(ctx, &path);
  return result;
}

JSValue host_unlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return remove_path(ctx, "unlink", false, argv[0]);
}

JSValue host_rmdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  return remove_path(ctx, "rmdir", true, argv[0]);
}

/* A mode without rights for group and others makes a directory for SYSTEM and administrators only. */
JSValue host_mkdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t mode;
  struct host_path path;
  if (!host_arg_integer(ctx, "mkdir", "mode", argv[1], 0, 07777, &mode) ||
      !host_arg_wide_path(ctx, "mkdir", argv[0], &path)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  SECURITY_ATTRIBUTES *security = (mode & 077) == 0 ? host_private_security() : NULL;
  JSValue result = JS_UNDEFINED;
  if (!CreateDirectoryW(path.wide, security)) {
    result = host_throw_windows(ctx, "mkdir", GetLastError(), "%s", path.text);
  }
  host_release_path(ctx, &path);
  return result;
}

static JSValue names_in(JSContext *ctx, const char *path, HANDLE search, WIN32_FIND_DATAW *entry) {
  JSValue names = JS_NewArray(ctx);
  uint32_t count = 0;
  if (JS_IsException(names)) return names;
  do {
    if (wcscmp(entry->cFileName, L".") == 0 || wcscmp(entry->cFileName, L"..") == 0) continue;
    if (count == HOST_MAX_DIR_ENTRIES) {
      host_throw(ctx, "readdir", EOVERFLOW, "%s", path);
      JS_FreeValue(ctx, names);
      return JS_EXCEPTION;
    }
    JSValue name = host_wide_string(ctx, entry->cFileName);
    if (JS_DefinePropertyValueUint32(ctx, names, count++, name, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, names);
      return JS_EXCEPTION;
    }
  } while (FindNextFileW(search, entry));
  DWORD error = GetLastError();
  if (error == ERROR_NO_MORE_FILES) return names;
  JS_FreeValue(ctx, names);
  return host_throw_windows(ctx, "readdir", error, "%s", path);
}

JSValue host_readdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  struct host_path path;
  if (!host_arg_wide_path(ctx, "readdir", argv[0], &path)) return JS_EXCEPTION;
  host_kill_point();
  size_t length = wcslen(path.wide);
  wchar_t *pattern = malloc((length + 3) * sizeof *pattern);
  JSValue result = JS_EXCEPTION;
  if (pattern == NULL) {
    JS_ThrowOutOfMemory(ctx);
  } else {
    wcscpy(pattern, path.wide);
    wcscat(pattern, pattern[length - 1] == L'\\' ? L"*" : L"\\*");
    WIN32_FIND_DATAW entry;
    HANDLE search = FindFirstFileW(pattern, &entry);
    DWORD error = GetLastError();
    if (search != INVALID_HANDLE_VALUE) {
      result = names_in(ctx, path.text, search, &entry);
      FindClose(search);
    } else if (GetFileAttributesW(path.wide) != INVALID_FILE_ATTRIBUTES && !host_is_directory(path.wide)) {
      result = host_throw(ctx, "readdir", ENOTDIR, "%s", path.text);
    } else if (error == ERROR_FILE_NOT_FOUND && host_is_directory(path.wide)) {
      result = JS_NewArray(ctx); /* the root of an empty volume has no `.` */
    } else {
      result = host_throw_windows(ctx, "readdir", error, "%s", path.text);
    }
    free(pattern);
  }
  host_release_path(ctx, &path);
  return result;
}
