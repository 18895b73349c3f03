/*
 * Kill points, compiled only into the test executable: AZURE_VNET_KILL_AT=n ends the process (SIGKILL) right
 * before its n-th call to the system, as a power cut or the OOM killer would; 0 counts the calls instead, and tells
 * each image that is loaded. A detached child goes on counting from where its parent was.
 */
#ifdef AZURE_VNET_KILL_POINTS

#include <stdio.h>
#include <stdlib.h>
#include "host.h"

static long calls;

static long kill_at(void) {
  static long at = -1;
  const char *text = at < 0 ? getenv("AZURE_VNET_KILL_AT") : NULL;
  if (text != NULL) at = strtol(text, NULL, 10);
  return at;
}

void host_kill_point(void) {
  if (++calls == kill_at()) host_vanish();
}

void host_kill_report(void) {
  if (kill_at() == 0) fprintf(stderr, "%ld calls\n", calls);
}

void host_kill_loaded(const char *image) {
  if (kill_at() == 0) fprintf(stderr, "loaded %s\n", image);
}

#else
/* ISO C wants a declaration in every file. */
typedef int host_has_no_kill_points;
#endif
