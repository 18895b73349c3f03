/* Start of the process: arguments and environment in UTF-8, then the program. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include "windows.h"

/* Of mingw's start code: an argument with an asterisk stays as it is. */
int _dowildcard = 0;

/* Memory that cannot be had at the start ends the process. */
static void *needed(void *memory) {
  if (memory == NULL) host_vanish();
  return memory;
}

/* Names that begin with `=` are Windows' own: the current directory of each drive. */
static char **read_environment(void) {
  wchar_t *block = needed(GetEnvironmentStringsW());
  size_t count = 0, at = 0;
  for (wchar_t *entry = block; *entry != 0; entry += wcslen(entry) + 1) count++;
  char **list = needed(calloc(count + 1, sizeof *list));
  for (wchar_t *entry = block; *entry != 0; entry += wcslen(entry) + 1) {
    if (*entry != L'=') list[at++] = needed(host_narrow(entry));
  }
  FreeEnvironmentStringsW(block);
  return list;
}

static char **read_arguments(int argc, wchar_t **argv) {
  char **list = needed(calloc((size_t)argc + 1, sizeof *list));
  for (int i = 0; i < argc; i++) list[i] = needed(host_narrow(argv[i]));
  if (argc > 0) list[0] = needed(host_executable_path()); /* it may have been called without `.exe` */
  return list;
}

int wmain(int argc, wchar_t **argv) {
  SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  _setmode(_fileno(stderr), _O_BINARY); /* stdio is used for messages of the host alone */
  host_argc = argc;
  host_argv = read_arguments(argc, argv);
  host_environment = read_environment();
  int status = host_run(host_choose_image());
  host_kill_report();
  /* Not exit: a thread may be caught in a call that never returns. */
  TerminateProcess(GetCurrentProcess(), (UINT)status);
  return status;
}
