/* What the files about files share. */
#ifndef AZURE_VNET_WINDOWS_FILES_H
#define AZURE_VNET_WINDOWS_FILES_H

#include "windows.h"

/*
 * True after a short sleep when the error is that somebody else has the file open in a way that will end (a virus
 * scanner, a reader of a file that is being deleted): to be tried again. False after half a second.
 */
bool host_retry(DWORD error, int *attempts);
/* True for symbolic links and junctions: other reparse points are files in all but their storage. */
bool host_is_link_tag(DWORD tag);
bool host_is_directory(const wchar_t *path);
bool host_handle_is_directory(HANDLE handle);

#endif
