/* What child.c asks of quote.c; both return malloc's memory, NULL when there is none. */
#ifndef AZURE_VNET_QUOTE_H
#define AZURE_VNET_QUOTE_H

#include "windows.h"

/* The command line from which a program built with Microsoft's C library gets exactly `argv`. */
wchar_t *host_command_line(char **argv);
/* NAME=VALUE strings as CreateProcess wants them: sorted, one after the other, an empty one at the end. */
wchar_t *host_environment_block(char **env);

#endif
