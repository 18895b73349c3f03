/* The table of the descriptors that the host has returned: JavaScript can name no other one. */
#include <errno.h>
#include <unistd.h>
#include "linux.h"

static bool known[HOST_MAX_FDS] = {[STDIN_FILENO] = true, [STDOUT_FILENO] = true, [STDERR_FILENO] = true};

bool host_fd_known(int fd) { return fd >= 0 && fd < HOST_MAX_FDS && known[fd]; }

JSValue host_fd_return(JSContext *ctx, const char *call, int fd) {
  if (fd >= HOST_MAX_FDS) {
    close(fd);
    return host_throw(ctx, call, EMFILE, "descriptor %d", fd);
  }
  known[fd] = true;
  return JS_NewInt32(ctx, fd);
}

void host_fd_forget(int fd) { known[fd] = false; }
