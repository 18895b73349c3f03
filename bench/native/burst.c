/*
 * Executes programs all at the same time and reports how long each took, as a node has them that starts with
 * all of its pods. It runs inside the namespaces of a VM and reads on its standard input how many there are, and
 * of each its environment and what it gets on standard input; all execute the file of argv[1]:
 *
 *     "<programs>\n" then for each "<bytes of env> <bytes of stdin>\n" env stdin      (strings end in NUL)
 *
 * It answers with a line and the output of each, in the same order, and ends:
 *
 *     "<exit status> <wall ns> <bytes of output>\n" output
 *
 * The time of each goes from before its own start to its own end.
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

enum { MAX_PROGRAMS = 256, MAX_STRINGS = 64, BLOCK_BYTES = 8192, OUTPUT_BYTES = 65536 };

struct program {
  char env[BLOCK_BYTES], input[BLOCK_BYTES];
  char *list[MAX_STRINGS + 1];
  size_t input_bytes;
  int in[2], out[2], status;
  pid_t pid;
  long long started, ended;
};

static struct program programs[MAX_PROGRAMS];

static void fail(const char *what) {
  fprintf(stderr, "burst: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void read_block(char *block, size_t size) {
  if (size > BLOCK_BYTES) errno = E2BIG, fail("frame");
  if (size > 0 && fread(block, 1, size, stdin) != size) errno = EPIPE, fail("frame");
}

static long long now_ns(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) fail("clock_gettime");
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Everything that does not belong to the time: strings, and pipes with the input ready in them. */
static void prepare(struct program *it) {
  size_t env_bytes, count = 0;
  char newline;
  if (scanf("%zu %zu%c", &env_bytes, &it->input_bytes, &newline) != 3) errno = EPROTO, fail("frame");
  read_block(it->env, env_bytes);
  read_block(it->input, it->input_bytes);
  for (size_t at = 0; at < env_bytes; at += strlen(it->env + at) + 1) {
    if (count == MAX_STRINGS) errno = E2BIG, fail("list");
    it->list[count++] = it->env + at;
  }
  if (pipe2(it->in, O_CLOEXEC) != 0 || pipe2(it->out, O_CLOEXEC) != 0) fail("pipe2");
  if (write(it->in[1], it->input, it->input_bytes) != (ssize_t)it->input_bytes) fail("write");
  close(it->in[1]);
}

static void start(struct program *it, char *file) {
  char *argv[] = {file, NULL};
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0 ||
      posix_spawn_file_actions_adddup2(&actions, it->in[0], 0) != 0 ||
      posix_spawn_file_actions_adddup2(&actions, it->out[1], 1) != 0)
    fail("file actions");
  it->started = now_ns();
  errno = posix_spawn(&it->pid, file, &actions, NULL, argv, it->list);
  if (errno != 0) fail(file);
  posix_spawn_file_actions_destroy(&actions);
  close(it->in[0]);
  close(it->out[1]);
}

static void wait_for_all(int count) {
  for (int left = count; left > 0;) {
    int status;
    pid_t pid = wait(&status);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) fail("wait");
    for (int i = 0; i < count; i++)
      if (programs[i].pid == pid) programs[i].ended = now_ns(), programs[i].status = status, left--;
  }
}

/* A pipe holds 64 KiB, and an answer of a plugin is shorter: it lies there until now. */
static void report(struct program *it) {
  static char output[OUTPUT_BYTES];
  size_t total = 0;
  for (ssize_t size; total < sizeof output; total += (size_t)size) {
    size = read(it->out[0], output + total, sizeof output - total);
    if (size < 0) fail("read");
    if (size == 0) break;
  }
  int code = WIFEXITED(it->status) ? WEXITSTATUS(it->status) : 128 + WTERMSIG(it->status);
  printf("%d %lld %zu\n", code, it->ended - it->started, total);
  fwrite(output, 1, total, stdout);
}

int main(int argc, char **argv) {
  int count;
  char newline;
  if (argc != 2) return 2;
  /* Inherited by what is measured: what else the machine does waits. */
  if (setpriority(PRIO_PROCESS, 0, -20) != 0) fail("setpriority");
  if (scanf("%d%c", &count, &newline) != 2 || count < 1 || count > MAX_PROGRAMS) errno = EPROTO, fail("count");
  for (int i = 0; i < count; i++) prepare(&programs[i]);
  for (int i = 0; i < count; i++) start(&programs[i], argv[1]);
  wait_for_all(count);
  for (int i = 0; i < count; i++) report(&programs[i]);
  return fflush(stdout) == 0 ? 0 : 1;
}
