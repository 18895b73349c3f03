/* What the files of the Linux host share. */
#ifndef AZURE_VNET_LINUX_H
#define AZURE_VNET_LINUX_H

#include "../host.h"

/* ---- deadline.c ---- */

/* Until disarmed, SIGALRM interrupts a blocking call (EINTR) after the deadline, and again every 10 ms. */
void host_alarm_arm(int64_t deadline);
void host_alarm_disarm(void);

/* ---- fds.c: the descriptors that the host has returned ---- */

/* Enters `fd` (>= 0) to the table and returns it as a number; closes it and throws when it is too large. */
JSValue host_fd_return(JSContext *ctx, const char *call, int fd);
void host_fd_forget(int fd);

/* ---- snapshot.c ---- */

/* True when the build asks for the heap of the loaded plugin. */
bool host_snapshot_due(void);
/* Writes it to stdout; the exit status. */
int host_write_snapshot(void);

HOST_FUNCTION(host_netlink);
HOST_FUNCTION(host_set_netns);
HOST_FUNCTION(host_detach);
HOST_FUNCTION(host_sleep_until_us);

#endif
