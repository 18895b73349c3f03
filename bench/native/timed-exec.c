/*
 * Executes programs one at a time and reports how long each took and how much memory it had at most.
 * It runs inside the namespaces of a VM and is told by frames on its standard input what to do:
 *
 *     "<bytes of argv> <bytes of env> <bytes of stdin>\n" argv env stdin     (strings end in NUL)
 *
 * It answers each on its standard output:
 *
 *     "<exit status> <wall ns> <CPU ns> <peak RSS KiB> <bytes of output> <ns of the end>\n" output
 *
 * The time goes from the moment before the program is started to the moment when it has ended and closed
 * its output, as a container runtime waits for it. Static and small: the kernel counts the memory of the
 * process that was forked towards the peak of what it executes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_STRINGS = 64, BLOCK_BYTES = 65536, OUTPUT_BYTES = 65536 };

/* A pipe holds 64 KiB: what a program is given on stdin lies ready before it starts. */
static char argv_block[BLOCK_BYTES], env_block[BLOCK_BYTES], input[BLOCK_BYTES], output[OUTPUT_BYTES];

static void fail(const char *what) {
  fprintf(stderr, "timed-exec: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void read_block(char *block, size_t size) {
  if (size > BLOCK_BYTES) errno = E2BIG, fail("frame");
  if (size > 0 && fread(block, 1, size, stdin) != size) errno = EPIPE, fail("frame");
}

/* Points `list` at the strings of a block. */
static void split(char *block, size_t size, char **list) {
  size_t count = 0;
  for (size_t at = 0; at < size; at += strlen(block + at) + 1) {
    if (count == MAX_STRINGS) errno = E2BIG, fail("list");
    list[count++] = block + at;
  }
  list[count] = NULL;
}

static long long now_ns(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) fail("clock_gettime");
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time) {
  return time.tv_sec * 1000000LL + time.tv_usec;
}

static void open_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
}

/* Reads until the other end is closed; what does not fit is dropped. */
static size_t read_output(int fd) {
  static char rest[4096];
  size_t total = 0;
  for (;;) {
    size_t room = OUTPUT_BYTES - total;
    ssize_t count = room > 0 ? read(fd, output + total, room) : read(fd, rest, sizeof rest);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read");
    if (count == 0) return total;
    if (room > 0) total += (size_t)count;
  }
}

static void run(char **argv, char **env, size_t input_bytes) {
  int in[2], out[2], status;
  struct rusage usage;
  pid_t pid;
  posix_spawn_file_actions_t actions;
  open_pipe(in);
  open_pipe(out);
  if (write(in[1], input, input_bytes) != (ssize_t)input_bytes) fail("write");
  close(in[1]);
  if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawn_file_actions_adddup2(&actions, in[0], 0) != 0 ||
      posix_spawn_file_actions_adddup2(&actions, out[1], 1) != 0)
    fail("file actions");
  long long started = now_ns();
  errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, env);
  if (errno != 0) fail(argv[0]);
  close(in[0]);
  close(out[1]);
  size_t output_bytes = read_output(out[0]);
  while (wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR) fail("wait4");
  long long ended = now_ns();
  close(out[0]);
  posix_spawn_file_actions_destroy(&actions);
  long long cpu_ns = microseconds(usage.ru_utime) * 1000 + microseconds(usage.ru_stime) * 1000;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  printf("%d %lld %lld %ld %zu %lld\n", code, ended - started, cpu_ns, usage.ru_maxrss, output_bytes, ended);
  if (fwrite(output, 1, output_bytes, stdout) != output_bytes || fflush(stdout) != 0) fail("answer");
}

int main(void) {
  char *argv[MAX_STRINGS + 1], *env[MAX_STRINGS + 1], newline;
  size_t argv_bytes, env_bytes, input_bytes;
  /* Inherited by what is measured: what else the machine does waits. */
  if (setpriority(PRIO_PROCESS, 0, -20) != 0) fail("setpriority");
  while (scanf("%zu %zu %zu%c", &argv_bytes, &env_bytes, &input_bytes, &newline) == 4) {
    read_block(argv_block, argv_bytes);
    read_block(env_block, env_bytes);
    read_block(input, input_bytes);
    split(argv_block, argv_bytes, argv);
    split(env_block, env_bytes, env);
    run(argv, env, input_bytes);
  }
  return 0;
}
