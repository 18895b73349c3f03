/*
 * Paths. JavaScript has `C:/directory/file`; Windows gets `\\?\C:\directory\file`, in which every name means
 * itself: no limit of 260 characters, no CON or NUL, no dot that is dropped at the end. So `.`, `..` and doubled
 * slashes, which that form does not know, are resolved here. Device and network paths are refused.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows.h"

enum { MAX_PATH_BYTES = 4096, EXECUTABLE_CHARACTERS = 32768 };

static bool is_separator(wchar_t c) { return c == L'/' || c == L'\\'; }

int host_path_problem(const char *path, size_t length) {
  if (length >= MAX_PATH_BYTES) return ENAMETOOLONG;
  bool has_drive = isalpha((unsigned char)path[0]) && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
  return has_drive ? 0 : EINVAL;
}

/* Writes the resolved components of `from` (after the drive) to `to`; returns the end. */
static wchar_t *resolve(const wchar_t *from, wchar_t *to) {
  wchar_t *root = to;
  while (*from != 0) {
    while (is_separator(*from)) from++;
    size_t length = 0;
    while (from[length] != 0 && !is_separator(from[length])) length++;
    if (length == 2 && from[0] == L'.' && from[1] == L'.') {
      while (to > root && *--to != L'\\') continue;
    } else if (length > 0 && !(length == 1 && from[0] == L'.')) {
      *to++ = L'\\';
      wmemcpy(to, from, length);
      to += length;
    }
    from += length;
  }
  if (to == root) *to++ = L'\\';
  *to = 0;
  return to;
}

wchar_t *host_wide_path(const char *path) {
  static const wchar_t prefix[] = L"\\\\?\\";
  enum { PREFIX = 4, DRIVE = 2 };
  wchar_t *given = host_wide(path);
  if (given == NULL) return NULL;
  wchar_t *result = malloc((PREFIX + wcslen(given) + 2) * sizeof *result);
  if (result != NULL) {
    wmemcpy(result, prefix, PREFIX);
    wmemcpy(result + PREFIX, given, DRIVE);
    resolve(given + DRIVE, result + PREFIX + DRIVE);
  }
  free(given);
  return result;
}

bool host_arg_wide_path(JSContext *ctx, const char *call, JSValueConst value, struct host_path *out) {
  if (!host_arg_path(ctx, call, value, &out->text)) return false;
  out->wide = host_wide_path(out->text);
  if (out->wide != NULL) return true;
  JS_FreeCString(ctx, out->text);
  JS_ThrowOutOfMemory(ctx);
  return false;
}

void host_release_path(JSContext *ctx, struct host_path *path) {
  free(path->wide);
  JS_FreeCString(ctx, path->text);
}

char *host_executable_path(void) {
  wchar_t *wide = malloc(EXECUTABLE_CHARACTERS * sizeof *wide);
  if (wide == NULL) return NULL;
  DWORD length = GetModuleFileNameW(NULL, wide, EXECUTABLE_CHARACTERS);
  if (length == EXECUTABLE_CHARACTERS) length = 0;
  wide[length] = 0;
  const wchar_t *start = wcsncmp(wide, L"\\\\?\\", 4) == 0 ? wide + 4 : wide;
  char *path = host_narrow(start);
  free(wide);
  for (char *c = path; c != NULL && *c != 0; c++) {
    if (*c == '\\') *c = '/';
  }
  return path;
}
