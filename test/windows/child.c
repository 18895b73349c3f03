/*
 * A program for the tests of spawn. Its first argument says what it does:
 *   arguments …     prints each of the others on a line       environment    prints its environment
 *   streams O E N   prints O, and E on stderr; ends with N    copy           copies stdin to stdout
 *   endless         prints for ever                           pid            prints its process id
 *   sleep MS        sleeps                                    family MS      starts `sleep` and sleeps as well
 *   orphan MS       starts `sleep`, which keeps the pipes, and ends
 * Without any argument it is a CNI plugin: it reads its configuration and prints what the variable CHILD_PRINTS holds.
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

int _dowildcard = 0;

static void print(FILE *stream, const wchar_t *text) {
  static char bytes[65536];
  int count = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
  if (count > 0) fwrite(bytes, 1, (size_t)count - 1, stream);
}

static void start_sleeper(const wchar_t *milliseconds) {
  wchar_t path[MAX_PATH], line[2 * MAX_PATH];
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION made;
  GetModuleFileNameW(NULL, path, MAX_PATH);
  _snwprintf(line, sizeof line / sizeof *line, L"\"%ls\" sleep %ls", path, milliseconds);
  if (!CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) exit(99);
}

static void copy(void) {
  static char bytes[65536];
  for (size_t count; (count = fread(bytes, 1, sizeof bytes, stdin)) > 0;) fwrite(bytes, 1, count, stdout);
}

int wmain(int argc, wchar_t **argv) {
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
  _setmode(2, _O_BINARY);
  const wchar_t *what = argc > 1 ? argv[1] : L"";
  if (argc == 1) {
    static char configuration[65536];
    while (fread(configuration, 1, sizeof configuration, stdin) > 0) continue;
    const wchar_t *text = _wgetenv(L"CHILD_PRINTS");
    if (text != NULL) print(stdout, text);
  } else if (wcscmp(what, L"arguments") == 0) {
    for (int i = 2; i < argc; i++) {
      print(stdout, argv[i]);
      print(stdout, L"\n");
    }
  } else if (wcscmp(what, L"environment") == 0) {
    for (wchar_t *entry = GetEnvironmentStringsW(); *entry != 0; entry += wcslen(entry) + 1) {
      print(stdout, entry);
      print(stdout, L"\n");
    }
  } else if (wcscmp(what, L"streams") == 0 && argc == 5) {
    print(stdout, argv[2]);
    print(stderr, argv[3]);
    return _wtoi(argv[4]);
  } else if (wcscmp(what, L"copy") == 0) {
    copy();
  } else if (wcscmp(what, L"endless") == 0) {
    while (fputs("0123456789\n", stdout) >= 0) continue;
  } else if (wcscmp(what, L"pid") == 0) {
    printf("%lu", GetCurrentProcessId());
  } else if (argc == 3) {
    if (wcscmp(what, L"sleep") != 0) start_sleeper(argv[2]);
    if (wcscmp(what, L"orphan") != 0) Sleep((DWORD)_wtoi(argv[2]));
  } else {
    return 98;
  }
  return 0;
}
