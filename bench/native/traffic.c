/*
 * Sends and counts traffic for as short a time as a comparison needs.
 *
 *     traffic sink udp|tcp PORT             counts, prints "<packets> <bytes> <ns> <ns of the last> <CPU ns>\n"
 *     traffic source udp|tcp ADDRESS PORT MILLISECONDS      prints "<CPU ns>\n"
 *
 * The sink decides: it counts what really arrived, from the first packet to the last. A source
 * first waits until the sink answers. UDP datagrams have 18 bytes, which makes the smallest Ethernet frame: 64 bytes
 * with its check sequence, the one that RFC 2544 begins with.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
  DATAGRAM_BYTES = 18,
  KNOCK_BYTES = 1,
  BATCH = 64,
  STREAM_BYTES = 256 * 1024,
  SOCKET_BUFFER_BYTES = 8 * 1024 * 1024,
  START_LIMIT_MS = 10000,
  KNOCK_PAUSE_MS = 5,
  /* A sink of UDP takes so long a silence for the end. */
  SILENCE_MS = 100,
  /* Two readings of a clock that are further apart are taken again. */
  CLOCK_GAP_NS = 10000,
  CLOCK_TRIES = 5
};

static char stream[STREAM_BYTES];

static void fail(const char *what) {
  fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now_ns(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) fail("clock_gettime");
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/*
 * Source and sink stay apart, on the first processor and the last, so that every flow meets the same; and what
 * else the machine does waits for them.
 */
static void settle(int to_last) {
  if (setpriority(PRIO_PROCESS, 0, -20) != 0) fail("setpriority");
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("sched_getaffinity");
  CPU_ZERO(&one);
  CPU_SET(to_last && count > 1 ? (int)count - 1 : 0, &one);
  CPU_AND(&one, &one, &allowed);
  if (CPU_COUNT(&one) > 0 && sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
}

static int open_socket(int type) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1, size = SOCKET_BUFFER_BYTES;
  if (fd < 0) fail("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) fail("SO_REUSEADDR");
  if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) fail("SO_RCVBUFFORCE");
  return fd;
}

static struct sockaddr_in address_of(const char *address, const char *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, address, &at.sin_addr) != 1) errno = EINVAL, fail(address);
  return at;
}

/* True when there is something to read within the time. */
static int wait_for(int fd, int limit_ms) {
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  int ready = poll(&poller, 1, limit_ms);
  if (ready < 0 && errno != EINTR) fail("poll");
  return ready > 0;
}

/* Of this process, what the kernel did for its packets included. */
static long long cpu_ns(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) fail("getrusage");
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

/* The last arrival is told on the clock that bench/native/timed-exec.c uses. */
static void report(long long packets, long long bytes, long long ns, long long last_ns) {
  printf("%lld %lld %lld %lld %lld\n", packets, bytes, ns, last_ns, cpu_ns());
}

/* The clock of the day beside the monotonic one: the processor may be taken away between two readings. */
static long long day_minus_monotonic_ns(void) {
  struct timespec day;
  long long difference = 0, narrowest = -1;
  for (int i = 0; i < CLOCK_TRIES && (narrowest < 0 || narrowest > CLOCK_GAP_NS); i++) {
    long long before = now_ns();
    if (clock_gettime(CLOCK_REALTIME, &day) != 0) fail("clock_gettime");
    long long gap = now_ns() - before;
    if (narrowest >= 0 && gap >= narrowest) continue;
    narrowest = gap;
    difference = day.tv_sec * 1000000000LL + day.tv_nsec - before;
  }
  return difference;
}

/* When the kernel got the packet (SO_TIMESTAMPNS, on the clock of the day), on the monotonic clock. */
static long long arrival_ns(struct msghdr *message) {
  struct timespec at;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    memcpy(&at, CMSG_DATA(part), sizeof at);
    return at.tv_sec * 1000000000LL + at.tv_nsec - day_minus_monotonic_ns();
  }
  errno = ENOMSG, fail("a packet without its time");
  return 0;
}

static void sink_udp(int fd) {
  static char data[BATCH][2 * DATAGRAM_BYTES], control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
  struct iovec parts[BATCH];
  struct mmsghdr list[BATCH] = {0};
  int one = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) != 0) fail("SO_TIMESTAMPNS");
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){data[i], sizeof data[i]};
    list[i].msg_hdr.msg_iov = &parts[i];
    list[i].msg_hdr.msg_iovlen = 1;
  }
  /* Knocks are answered until the first datagram of the flow. */
  struct sockaddr_in from;
  for (;;) {
    socklen_t length = sizeof from;
    if (!wait_for(fd, START_LIMIT_MS)) errno = ETIMEDOUT, fail("nothing came");
    ssize_t size = recvfrom(fd, data[0], sizeof data[0], 0, (struct sockaddr *)&from, &length);
    if (size < 0) fail("recvfrom");
    if (size != KNOCK_BYTES) break;
    if (sendto(fd, data[0], KNOCK_BYTES, 0, (struct sockaddr *)&from, length) < 0) fail("sendto");
  }
  long long packets = 0, first = now_ns(), last = first;
  while (wait_for(fd, SILENCE_MS)) {
    for (int i = 0; i < BATCH; i++) {
      list[i].msg_hdr.msg_control = control[i];
      list[i].msg_hdr.msg_controllen = sizeof control[i];
    }
    int count = recvmmsg(fd, list, BATCH, MSG_DONTWAIT, NULL);
    if (count < 1) fail("recvmmsg");
    packets += count;
    last = arrival_ns(&list[count - 1].msg_hdr);
  }
  report(packets, packets * DATAGRAM_BYTES, last - first, last);
}

static void sink_tcp(int listener) {
  if (listen(listener, 1) != 0) fail("listen");
  if (!wait_for(listener, START_LIMIT_MS)) errno = ETIMEDOUT, fail("nobody came");
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) fail("accept");
  long long bytes = 0, reads = 0, first = now_ns();
  for (ssize_t size; (size = read(fd, stream, sizeof stream)) != 0; reads++) {
    if (size < 0) fail("read");
    bytes += size;
  }
  long long last = now_ns();
  report(reads, bytes, last - first, last);
}

static void source_udp(int fd, const struct sockaddr_in *to, long long limit_ns) {
  char data[DATAGRAM_BYTES] = {0};
  if (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0) fail("connect");
  long long deadline = now_ns() + START_LIMIT_MS * 1000000LL;
  /* Nobody listens yet: ECONNREFUSED comes with a later call and is no reason to stop. */
  for (;;) {
    if (send(fd, data, KNOCK_BYTES, 0) < 0 && errno != ECONNREFUSED) fail("send");
    if (wait_for(fd, KNOCK_PAUSE_MS) && recv(fd, data, sizeof data, MSG_DONTWAIT) == KNOCK_BYTES) break;
    if (now_ns() > deadline) errno = ETIMEDOUT, fail("no answer");
  }
  for (long long end = now_ns() + limit_ns; now_ns() < end;)
    for (int i = 0; i < BATCH; i++)
      if (send(fd, data, DATAGRAM_BYTES, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED) fail("send");
}

static void source_tcp(const struct sockaddr_in *to, long long limit_ns) {
  int fd;
  long long deadline = now_ns() + START_LIMIT_MS * 1000000LL;
  for (;;) {
    fd = open_socket(SOCK_STREAM);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0) break;
    if (errno != ECONNREFUSED || now_ns() > deadline) fail("connect");
    close(fd);
    poll(NULL, 0, KNOCK_PAUSE_MS);
  }
  for (long long end = now_ns() + limit_ns; now_ns() < end;)
    if (write(fd, stream, sizeof stream) < 0) fail("write");
  if (close(fd) != 0) fail("close");
}

int main(int argc, char **argv) {
  int is_sink = argc == 4 && strcmp(argv[1], "sink") == 0;
  int is_source = argc == 6 && strcmp(argv[1], "source") == 0;
  if (!is_sink && !is_source) {
    fprintf(stderr, "usage: traffic sink udp|tcp PORT\n       traffic source udp|tcp ADDRESS PORT MILLISECONDS\n");
    return 2;
  }
  int is_udp = strcmp(argv[2], "udp") == 0;
  settle(is_sink);
  if (is_source) {
    struct sockaddr_in to = address_of(argv[3], argv[4]);
    long long limit_ns = atoll(argv[5]) * 1000000LL;
    if (is_udp) source_udp(open_socket(SOCK_DGRAM), &to, limit_ns);
    else source_tcp(&to, limit_ns);
    printf("%lld\n", cpu_ns());
    return 0;
  }
  struct sockaddr_in at = address_of("0.0.0.0", argv[3]);
  int fd = open_socket(is_udp ? SOCK_DGRAM : SOCK_STREAM);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) fail("bind");
  if (is_udp) sink_udp(fd);
  else sink_tcp(fd);
  return 0;
}
