/* A child process and what is exchanged with it: child.c of the platform runs it, for spawn.c. */
#ifndef AZURE_VNET_CHILD_H
#define AZURE_VNET_CHILD_H

#include "host.h"

struct output {
  char *bytes; /* malloc's */
  size_t length;
};

struct child {
  /* set before it is started */
  const char *stdin_bytes;
  size_t stdin_left;
  size_t limit; /* of stdout and stderr each */
  int64_t deadline;
  /* what came of it */
  bool timed_out, truncated;
  int status; /* -1 when a signal ended it */
  int signal;
  struct output output[2]; /* stdout, stderr */
};

/* Executes argv[0] and exchanges data until it has ended or has been killed; an errno value when it cannot start. */
int host_child_run(struct child *child, char **argv, char **env);

#endif
