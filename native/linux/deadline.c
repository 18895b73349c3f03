/* Deadlines: monotonic time for poll(2), SIGALRM for calls that have no timeout of their own. */
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include "linux.h"

enum { NS_PER_MS = 1000000, ALARM_REPEAT_US = 10000 };

int64_t host_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

int64_t host_deadline(int timeout_ms) { return host_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS; }

int host_left_ms(int64_t deadline) {
  int64_t left = deadline - host_monotonic_ns();
  return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

static void interrupt(int signal) { (void)signal; }

void host_alarm_arm(int64_t deadline) {
  struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: the call returns EINTR */
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  sigaction(SIGALRM, &action, NULL);
  sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);

  int left_ms = host_left_ms(deadline);
  struct itimerval timer = {
      .it_value = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000},
      /* Repeated, because the first one may fire just before the blocking call begins. */
      .it_interval = {.tv_usec = ALARM_REPEAT_US},
  };
  if (left_ms == 0) timer.it_value.tv_usec = 1;
  setitimer(ITIMER_REAL, &timer, NULL);
}

void host_alarm_disarm(void) {
  struct itimerval off = {0};
  setitimer(ITIMER_REAL, &off, NULL);
}
