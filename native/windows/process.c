/* This process and others: ids, the machine's start, its version. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "windows.h"

void host_vanish(void) {
  enum { KILLED = 137 }; /* as a shell reports SIGKILL */
  for (;;) TerminateProcess(GetCurrentProcess(), KILLED);
}

JSValue host_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t status;
  if (!host_arg_integer(ctx, "exit", "status", argv[0], 0, 255, &status)) return JS_EXCEPTION;
  host_kill_report();
  /* Not exit: a thread may be caught in a call that never returns. */
  for (;;) TerminateProcess(GetCurrentProcess(), (UINT)status);
}

JSValue host_pid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  return JS_NewInt64(ctx, GetCurrentProcessId());
}

JSValue host_is_running(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t pid;
  if (!host_arg_integer(ctx, "isRunning", "pid", argv[0], 0, UINT32_MAX, &pid)) return JS_EXCEPTION;
  HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid);
  /* Windows takes an id that is not a multiple of 4 for the one below: no other process has such an id. */
  if (process == NULL) return JS_NewBool(ctx, GetLastError() == ERROR_ACCESS_DENIED);
  bool is_running = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
  CloseHandle(process);
  return JS_NewBool(ctx, is_running);
}

/*
 * The time at which a key of the registry was made that Windows forgets when it is shut down. Several processes
 * may ask for the first time at once: the key is the same for all of them.
 */
JSValue host_boot_id(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  HKEY key;
  FILETIME made;
  LSTATUS error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\azure-vnet", 0, NULL, REG_OPTION_VOLATILE,
                                  KEY_QUERY_VALUE, NULL, &key, NULL);
  if (error == 0) {
    error = RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &made);
    RegCloseKey(key);
  }
  if (error != 0) return host_throw_windows(ctx, "bootId", (DWORD)error, "HKLM/SOFTWARE/azure-vnet");
  char text[24];
  snprintf(text, sizeof text, "%08lx%08lx", made.dwHighDateTime, made.dwLowDateTime);
  return JS_NewString(ctx, text);
}

/* GetVersionEx tells programs without a manifest the version that they expect; this one does not. */
JSValue host_os_build(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
  FARPROC function = host_system_function(L"ntdll.dll", "RtlGetVersion");
  if (function == NULL) return host_throw(ctx, "osBuild", ENOSYS, "RtlGetVersion");
  ((LONG(WINAPI *)(OSVERSIONINFOW *))(void (*)(void))function)(&version);
  return JS_NewInt64(ctx, version.dwBuildNumber);
}

JSValue host_own_path(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  char *path = host_executable_path();
  if (path == NULL) return JS_ThrowOutOfMemory(ctx);
  JSValue string = JS_NewString(ctx, path);
  free(path);
  return string;
}

/* A GUID of random bits: RFC 9562, version 4. */
JSValue host_new_guid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  uint8_t b[16];
  /* RtlGenRandom, by the name that it is exported under. */
  FARPROC function = host_system_function(L"advapi32.dll", "SystemFunction036");
  if (function == NULL || !((BOOLEAN(WINAPI *)(void *, ULONG))(void (*)(void))function)(b, sizeof b)) {
    return host_throw(ctx, "newGuid", ENOSYS, "RtlGenRandom");
  }
  b[6] = (b[6] & 0x0F) | 0x40;
  b[8] = (b[8] & 0x3F) | 0x80;
  char text[37];
  snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return JS_NewString(ctx, text);
}
