/*
 * Executes a program without a shell and collects what it prints.
 *
 * The child leads a process group of its own, which is killed as a whole at the deadline or when it prints
 * too much. Output is read until both pipes end, or the child has ended while somebody else still holds them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../child.h"
#include "linux.h"

enum { SLICE_MS = 20, CHUNK_BYTES = 65536 };

struct running {
  struct child *child;
  pid_t pid;
  bool reaped;
  int wait_status;
  int stdin_fd;     /* -1 when everything is written */
  int output_fd[2]; /* -1 when it has ended */
};

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void feed(struct running *running) {
  struct child *child = running->child;
  ssize_t count = write(running->stdin_fd, child->stdin_bytes, child->stdin_left);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) {
    child->stdin_bytes += count;
    child->stdin_left -= (size_t)count;
  }
  /* EPIPE: the child does not want more, which is its right. */
  if (count < 0 || child->stdin_left == 0) close_fd(&running->stdin_fd);
}

/* Reads once; returns false when nothing is there for now. */
static bool drain(struct running *running, int i) {
  struct child *child = running->child;
  struct output *output = &child->output[i];
  size_t room = child->limit + 1 - output->length; /* one byte more shows that there is more */
  if (room > CHUNK_BYTES) room = CHUNK_BYTES;
  char *grown = realloc(output->bytes, output->length + room);
  if (grown == NULL) {
    child->truncated = true;
    return false;
  }
  output->bytes = grown;
  ssize_t count = read(running->output_fd[i], output->bytes + output->length, room);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    close_fd(&running->output_fd[i]);
    return false;
  }
  output->length += (size_t)count;
  if (output->length > child->limit) {
    output->length = child->limit;
    child->truncated = true;
  }
  return true;
}

/* One round of poll; also notices the end of a child whose pipes somebody else keeps open. */
static void exchange(struct running *running) {
  struct child *child = running->child;
  struct pollfd waits[3] = {
      {.fd = running->stdin_fd, .events = POLLOUT},
      {.fd = running->output_fd[0], .events = POLLIN},
      {.fd = running->output_fd[1], .events = POLLIN},
  };
  int left_ms = host_left_ms(child->deadline);
  if (left_ms == 0) {
    child->timed_out = true;
    return;
  }
  int ready = poll(waits, 3, left_ms < SLICE_MS ? left_ms : SLICE_MS);
  if (ready > 0) {
    if (waits[0].revents != 0) feed(running);
    for (int i = 0; i < 2; i++) {
      if (waits[i + 1].revents != 0 && !child->truncated) drain(running, i);
    }
  } else if (waitpid(running->pid, &running->wait_status, WNOHANG) == running->pid) {
    running->reaped = true;
    for (int i = 0; i < 2; i++) {
      while (running->output_fd[i] >= 0 && !child->truncated && drain(running, i)) continue;
    }
  }
}

/* Waits for the end of the child, at most until its deadline, then kills its group. */
static void reap(struct running *running) {
  struct child *child = running->child;
  bool kill_now = child->timed_out || child->truncated;
  if (!running->reaped && !kill_now) {
    host_alarm_arm(child->deadline);
    while (!running->reaped && !child->timed_out) {
      running->reaped = waitpid(running->pid, &running->wait_status, 0) == running->pid;
      child->timed_out = !running->reaped && host_left_ms(child->deadline) == 0;
    }
    host_alarm_disarm();
    kill_now = child->timed_out;
  }
  if (kill_now) kill(-running->pid, SIGKILL);
  while (!running->reaped) running->reaped = waitpid(running->pid, &running->wait_status, 0) == running->pid;
}

/* ---- starting ---- */

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int theirs[3]) {
  sigset_t defaults, none;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGALRM);
  int error = 0;
  for (int fd = 0; fd < 3 && error == 0; fd++) {
    error = posix_spawn_file_actions_adddup2(actions, theirs[fd], fd);
  }
  if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &defaults);
  if (error == 0) error = posix_spawnattr_setsigmask(attributes, &none);
  if (error == 0) error = posix_spawnattr_setpgroup(attributes, 0);
  if (error == 0) {
    error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  return error;
}

/* The three pipes: ours[0] written to, ours[1] and ours[2] read from, without blocking. */
static int open_pipes(int ours[3], int theirs[3]) {
  for (int i = 0; i < 3; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    ours[i] = i == 0 ? ends[1] : ends[0];
    theirs[i] = i == 0 ? ends[0] : ends[1];
    if (fcntl(ours[i], F_SETFL, O_NONBLOCK) < 0) return errno;
  }
  return 0;
}

/* Our own descriptors are close-on-exec; those that a caller has leaked to us may not be. */
static void keep_descriptors(void) {
  enum { CLOSE_RANGE_CLOEXEC_FLAG = 4 }; /* <linux/close_range.h>; since Linux 5.11 */
  if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC_FLAG) == 0) return;
  for (int fd = STDERR_FILENO + 1; fd < HOST_MAX_FDS; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* 0 or an errno value. */
static int start(struct running *running, char **argv, char **env) {
  int ours[3] = {-1, -1, -1}, theirs[3] = {-1, -1, -1};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  keep_descriptors();
  int error = open_pipes(ours, theirs);
  if (error == 0) error = prepare(&actions, &attributes, theirs);
  if (error == 0) error = posix_spawn(&running->pid, argv[0], &actions, &attributes, argv, env);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  for (int i = 0; i < 3; i++) {
    close_fd(&theirs[i]);
    if (error != 0) close_fd(&ours[i]);
  }
  running->stdin_fd = ours[0];
  running->output_fd[0] = ours[1];
  running->output_fd[1] = ours[2];
  return error;
}

int host_child_run(struct child *child, char **argv, char **env) {
  struct running running = {.child = child};
  int error = start(&running, argv, env);
  if (error != 0) return error;
  if (child->stdin_left == 0) close_fd(&running.stdin_fd);
  while (!running.reaped && !child->timed_out && !child->truncated &&
         (running.stdin_fd >= 0 || running.output_fd[0] >= 0 || running.output_fd[1] >= 0)) {
    exchange(&running);
  }
  reap(&running);
  close_fd(&running.stdin_fd);
  close_fd(&running.output_fd[0]);
  close_fd(&running.output_fd[1]);
  int status = running.wait_status;
  child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return 0;
}
