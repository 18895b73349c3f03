/* Deadlines: the clock that only goes forward, and threads for calls that have no timeout of their own. */
#include "windows.h"

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

int64_t host_monotonic_ns(void) {
  static LARGE_INTEGER frequency;
  LARGE_INTEGER now;
  if (frequency.QuadPart == 0) QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return now.QuadPart / frequency.QuadPart * NS_PER_S +
         now.QuadPart % frequency.QuadPart * NS_PER_S / frequency.QuadPart;
}

int64_t host_deadline(int timeout_ms) { return host_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS; }

int host_left_ms(int64_t deadline) {
  int64_t left = deadline - host_monotonic_ns();
  return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

bool host_run_until(DWORD (*work)(void *), void *argument, int64_t deadline, HANDLE *thread, bool *started) {
  *thread = CreateThread(NULL, 0, (LPTHREAD_START_ROUTINE)(void (*)(void))work, argument, 0, NULL);
  *started = *thread != NULL;
  if (!*started) return true;
  for (;;) {
    if (WaitForSingleObject(*thread, (DWORD)host_left_ms(deadline)) != WAIT_TIMEOUT) return true;
    if (host_left_ms(deadline) == 0) return false;
  }
}
