/*
 * The program of the test image: a server that tells whoever asks its own name and the address it saw, over TCP
 * (HTTP/1.0) and UDP of one port, and the question to such a server. Static, so that it is all an image needs.
 *
 *   who serve NAME PORT            answers "NAME SOURCE" until SIGTERM
 *   who ask tcp|udp ADDRESS PORT   prints the answer; exit status 1 without one within ASK_LIMIT_MS
 *   who pause                      waits for SIGTERM
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ASK_LIMIT_MS = 10000, REPEAT_MS = 250, REQUEST_LIMIT_MS = 4000, TEXT_BYTES = 512 };

static void end(int number) {
  (void)number;
  _exit(0);
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* -1 when the text is not an address and a port. */
static int address_of(struct sockaddr_in *out, const char *address, const char *port) {
  *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  return inet_pton(AF_INET, address, &out->sin_addr) == 1 && out->sin_port != 0 ? 0 : -1;
}

static int describe(char *out, const char *name, const struct sockaddr_in *from) {
  char source[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &from->sin_addr, source, sizeof source);
  return snprintf(out, TEXT_BYTES, "%s %s\n", name, source);
}

static void answer_tcp(int listener, const char *name) {
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  int peer = accept(listener, (struct sockaddr *)&from, &length);
  if (peer < 0) return;
  char text[TEXT_BYTES], reply[2 * TEXT_BYTES];
  struct pollfd ready = {.fd = peer, .events = POLLIN};
  /* One read is enough for a request of a line or two; the limit keeps a silent peer from blocking the others. */
  if (poll(&ready, 1, REQUEST_LIMIT_MS) == 1 && read(peer, text, sizeof text) > 0) {
    int size = describe(text, name, &from);
    int whole = snprintf(reply, sizeof reply,
                         "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", size, text);
    if (write(peer, reply, (size_t)whole) < 0) perror("write");
  }
  close(peer);
}

static void answer_udp(int udp, const char *name) {
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  char text[TEXT_BYTES];
  if (recvfrom(udp, text, sizeof text, 0, (struct sockaddr *)&from, &length) < 0) return;
  int size = describe(text, name, &from);
  if (sendto(udp, text, (size_t)size, 0, (struct sockaddr *)&from, length) < 0) perror("sendto");
}

static int serve(const char *name, const char *port) {
  struct sockaddr_in own;
  if (address_of(&own, "0.0.0.0", port) < 0) return fail(port);
  int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(udp, (struct sockaddr *)&own, sizeof own) < 0) return fail("bind udp");
  if (bind(tcp, (struct sockaddr *)&own, sizeof own) < 0 || listen(tcp, 16) < 0) return fail("bind tcp");
  struct pollfd both[] = {{.fd = tcp, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
  for (;;) {
    if (poll(both, 2, -1) < 0) return fail("poll");
    if (both[0].revents != 0) answer_tcp(tcp, name);
    if (both[1].revents != 0) answer_udp(udp, name);
  }
}

/* Waits for `events` until the deadline; false when it has passed. */
static int wait_for(int fd, short events, long deadline_ms) {
  struct pollfd ready = {.fd = fd, .events = events};
  long left = deadline_ms - now_ms();
  return left > 0 && poll(&ready, 1, (int)left) == 1;
}

static int ask_udp(const struct sockaddr_in *to, long deadline_ms) {
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  char text[TEXT_BYTES];
  if (connect(udp, (const struct sockaddr *)to, sizeof *to) < 0) return fail("connect");
  while (now_ms() < deadline_ms) {
    /* ECONNREFUSED tells of an earlier datagram: whoever should answer may be about to start. */
    if (write(udp, "?", 1) < 0) usleep(REPEAT_MS * 1000);
    long until = now_ms() + REPEAT_MS;
    if (!wait_for(udp, POLLIN, until < deadline_ms ? until : deadline_ms)) continue;
    ssize_t size = read(udp, text, sizeof text);
    if (size > 0) return fwrite(text, 1, (size_t)size, stdout) == (size_t)size ? 0 : 1;
    usleep(REPEAT_MS * 1000);
  }
  return 1;
}

static int ask_tcp(const struct sockaddr_in *to, long deadline_ms) {
  static const char request[] = "GET / HTTP/1.0\r\n\r\n";
  char text[4 * TEXT_BYTES];
  size_t size = 0;
  int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
  socklen_t length = sizeof error;
  (void)connect(tcp, (const struct sockaddr *)to, sizeof *to); /* EINPROGRESS; SO_ERROR tells how it ended */
  if (!wait_for(tcp, POLLOUT, deadline_ms)) return 1;
  getsockopt(tcp, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0 || write(tcp, request, sizeof request - 1) < 0) return 1;
  while (size < sizeof text - 1 && wait_for(tcp, POLLIN, deadline_ms)) {
    ssize_t more = read(tcp, text + size, sizeof text - 1 - size);
    if (more <= 0) break;
    size += (size_t)more;
  }
  text[size] = 0;
  const char *body = strstr(text, "\r\n\r\n");
  if (body == NULL) return 1;
  return fputs(body + 4, stdout) < 0;
}

int main(int count, char **words) {
  signal(SIGTERM, end); /* as process 1 of a container it would ignore it otherwise */
  signal(SIGPIPE, SIG_IGN);
  if (count == 2 && strcmp(words[1], "pause") == 0)
    for (;;) pause();
  if (count == 4 && strcmp(words[1], "serve") == 0) return serve(words[2], words[3]);
  struct sockaddr_in to;
  if (count == 5 && strcmp(words[1], "ask") == 0 && address_of(&to, words[3], words[4]) == 0) {
    long deadline_ms = now_ms() + ASK_LIMIT_MS;
    return strcmp(words[2], "udp") == 0 ? ask_udp(&to, deadline_ms) : ask_tcp(&to, deadline_ms);
  }
  fputs("who serve NAME PORT | ask tcp|udp ADDRESS PORT | pause\n", stderr);
  return 2;
}
