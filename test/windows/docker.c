/*
 * Stands for docker.exe in the tests of docker-exec: containers are files in the directory that FAKE_DOCKER names, and
 * each call is a line of the file `calls` there.
 *   run --detach --name N --network none IMAGE …   makes a container and prints its id
 *   inspect … N                                     prints id, state and network, or says that there is none
 *   rm --force N                                    removes it
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

int _dowildcard = 0;

enum { ID_DIGITS = 64 };

static FILE *open_in_directory(const wchar_t *name, const wchar_t *mode) {
  wchar_t path[MAX_PATH];
  _snwprintf(path, MAX_PATH, L"%ls/%ls", _wgetenv(L"FAKE_DOCKER"), name);
  return _wfopen(path, mode);
}

/* Digits that follow from the name. */
static void print_id(const wchar_t *name) {
  for (int i = 0; i < ID_DIGITS; i++) printf("%x", name[i % wcslen(name)] & 0xF);
}

int wmain(int argc, wchar_t **argv) {
  _setmode(1, _O_BINARY);
  FILE *calls = open_in_directory(L"calls", L"ab");
  for (int i = 1; i < argc; i++) fprintf(calls, "%ls%s", argv[i], i + 1 < argc ? " " : "\n");
  fclose(calls);
  const wchar_t *name = argv[argc - 1];
  if (wcscmp(argv[1], L"run") == 0) {
    fclose(open_in_directory(argv[4], L"wb"));
    print_id(argv[4]);
    return 0;
  }
  FILE *container = open_in_directory(name, L"rb");
  if (container == NULL) {
    fprintf(stderr, "Error: No such container: %ls\n", name);
    return 1;
  }
  fclose(container);
  if (wcscmp(argv[1], L"rm") == 0) {
    wchar_t path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls/%ls", _wgetenv(L"FAKE_DOCKER"), name);
    return _wremove(path) == 0 ? 0 : 1;
  }
  print_id(name);
  printf(" true none\n");
  return 0;
}
