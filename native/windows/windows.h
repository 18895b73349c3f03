/* What the files of the Windows host share. Strings are UTF-8 towards JavaScript and UTF-16 towards Windows. */
#ifndef AZURE_VNET_WINDOWS_H
#define AZURE_VNET_WINDOWS_H

#include "../host.h"
/* Not the half of it that nothing here uses: it takes most of the time to compile. */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>

/* ---- refusals.c ---- */

/* The errno value that means the same as an error of Windows or Winsock; 0 when there is none. */
int host_errno_of(DWORD error);
/* host_throw for an error of Windows; one without an errno value is EIO with its number in the text. */
JSValue host_throw_windows(JSContext *ctx, const char *call, DWORD error, const char *format, ...)
    __attribute__((format(gnu_printf, 4, 5)));

/* ---- wide.c; what they return is malloc's, NULL when there is no memory ---- */

/* UTF-16 of UTF-8; what is not UTF-8 becomes U+FFFD. */
wchar_t *host_wide(const char *text);
/* UTF-8 of UTF-16. */
char *host_narrow(const wchar_t *text);
JSValue host_wide_string(JSContext *ctx, const wchar_t *text);

/* ---- names.c ---- */

/* The form \\?\C:\directory\file, which has no limit of 260 characters and no reserved names. */
wchar_t *host_wide_path(const char *path);
/* A checked path argument in that form and as it came; release both with host_release_path. */
struct host_path {
  const char *text;
  wchar_t *wide;
};
bool host_arg_wide_path(JSContext *ctx, const char *call, JSValueConst value, struct host_path *out);
void host_release_path(JSContext *ctx, struct host_path *path);
/* The path of this executable, with slashes. */
char *host_executable_path(void);

/* ---- handles.c: the handles behind the descriptors ---- */

enum host_handle_kind { HOST_FILE, HOST_SOCKET };

/* Enters a handle to the table; closes it and throws EMFILE when there is no room. */
JSValue host_handle_return(JSContext *ctx, const char *call, enum host_handle_kind kind, HANDLE handle);
/* A checked descriptor argument; ENOTSOCK or EINVAL when it is of the other kind. */
bool host_arg_handle(JSContext *ctx, const char *call, JSValueConst value, enum host_handle_kind kind,
                     HANDLE *out);

/* ---- deadline.c ---- */

/*
 * Runs `work(argument)` on a thread of its own. False when it has not ended at the deadline: `argument` then stays
 * the thread's. An error to start the thread is given by GetLastError, with true and *started false.
 */
bool host_run_until(DWORD (*work)(void *), void *argument, int64_t deadline, HANDLE *thread, bool *started);

/* ---- security.c ---- */

/* For a directory that nobody but SYSTEM and administrators may use; NULL when there is no memory. */
SECURITY_ATTRIBUTES *host_private_security(void);
/* True when somebody else than SYSTEM, administrators or the user of this process may change what it holds. */
bool host_others_may_write(HANDLE directory);

/* ---- library.c ---- */

/* A function of a DLL of the system directory; NULL when there is none. The DLL stays loaded. */
FARPROC host_system_function(const wchar_t *library, const char *name);

HOST_FUNCTION(host_link);
HOST_FUNCTION(host_adapters);
HOST_FUNCTION(host_is_running);
HOST_FUNCTION(host_boot_id);
HOST_FUNCTION(host_os_build);
HOST_FUNCTION(host_own_path);
HOST_FUNCTION(host_new_guid);
HOST_FUNCTION(host_hns_call);
HOST_FUNCTION(host_hcs_modify);
HOST_FUNCTION(host_hcn_enumerate);
HOST_FUNCTION(host_hcn_query);
HOST_FUNCTION(host_hcn_create_network);
HOST_FUNCTION(host_hcn_create_endpoint);
HOST_FUNCTION(host_hcn_modify);
HOST_FUNCTION(host_hcn_delete);

#endif
