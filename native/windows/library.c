/*
 * DLLs that are loaded when they are needed, and from the system directory only: neither the directory of the
 * executable nor the one that the caller is in nor PATH is looked at.
 */
#include "windows.h"

FARPROC host_system_function(const wchar_t *library, const char *name) {
  HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  return module == NULL ? NULL : GetProcAddress(module, name);
}
