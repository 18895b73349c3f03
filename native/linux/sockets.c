/* Netlink and TCP. Every wait has a deadline; every socket is close-on-exec and used without blocking. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "linux.h"

/* From <linux/netlink.h>, which musl-gcc does not find. */
struct netlink_address {
  sa_family_t family;
  unsigned short padding;
  uint32_t port_id;
  uint32_t groups;
};
enum { SOL_NETLINK_LEVEL = 270, NETLINK_OPTION_CAP_ACK = 10, NETLINK_OPTION_EXT_ACK = 11 };
enum { NETLINK_PROTOCOL_MAX = 31, PORT_MAX = 65535 };

/* Waits until `fd` is ready; false when the deadline has passed first. */
static bool wait_for(int fd, short events, int64_t deadline) {
  struct pollfd wait = {.fd = fd, .events = events};
  for (;;) {
    int count = poll(&wait, 1, host_left_ms(deadline));
    if (count > 0 || (count < 0 && errno != EINTR)) return true; /* an error shows in the next call */
    if (count == 0 && host_left_ms(deadline) == 0) return false;
  }
}

JSValue host_netlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t protocol;
  if (!host_arg_integer(ctx, "netlink", "protocol", argv[0], 0, NETLINK_PROTOCOL_MAX, &protocol)) {
    return JS_EXCEPTION;
  }
  host_kill_point();
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, (int)protocol);
  if (fd < 0) return host_throw(ctx, "netlink", errno, "protocol %lld", (long long)protocol);
  struct netlink_address address = {.family = AF_NETLINK};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(fd);
    return host_throw(ctx, "netlink", error, "bind");
  }
  /* The kernel's text in error answers, without the request repeated; an old kernel lacks it, no more. */
  int on = 1;
  setsockopt(fd, SOL_NETLINK_LEVEL, NETLINK_OPTION_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK_LEVEL, NETLINK_OPTION_CAP_ACK, &on, sizeof on);
  return host_fd_return(ctx, "netlink", fd);
}

/* 0, or the errno value of a connect that has begun. */
static int finish_connect(int fd, int64_t deadline) {
  int error;
  socklen_t size = sizeof error;
  if (!wait_for(fd, POLLOUT, deadline)) return ETIMEDOUT;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

JSValue host_connect_tcp(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int64_t ipv4, port;
  int timeout_ms;
  if (!host_arg_integer(ctx, "connectTcp", "address", argv[0], 0, UINT32_MAX, &ipv4) ||
      !host_arg_integer(ctx, "connectTcp", "port", argv[1], 1, PORT_MAX, &port) ||
      !host_arg_timeout(ctx, "connectTcp", argv[2], &timeout_ms)) {
    return JS_EXCEPTION;
  }
  int64_t deadline = host_deadline(timeout_ms);
  host_kill_point();
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (fd < 0) return host_throw(ctx, "connectTcp", errno, "socket");
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl((uint32_t)ipv4)};
  int error = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) error = finish_connect(fd, deadline);
  if (error == 0) return host_fd_return(ctx, "connectTcp", fd);
  close(fd);
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return host_throw(ctx, "connectTcp", error, "%s:%lld", text, (long long)port);
}

/* The arguments that send and recv share: fd, buffer, offset, length, timeout. */
static bool transfer_args(JSContext *ctx, const char *call, JSValueConst *argv, bool writable, int *fd,
                          struct host_span *span, int64_t *deadline) {
  int timeout_ms;
  if (!host_arg_fd(ctx, call, argv[0], fd) || !host_arg_timeout(ctx, call, argv[4], &timeout_ms) ||
      !host_arg_span(ctx, call, argv + 1, writable, span)) {
    return false;
  }
  *deadline = host_deadline(timeout_ms);
  return true;
}

JSValue host_send(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  struct host_span span;
  int64_t deadline;
  if (!transfer_args(ctx, "send", argv, false, &fd, &span, &deadline)) return JS_EXCEPTION;
  host_kill_point();
  for (;;) {
    ssize_t count = send(fd, span.bytes, span.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return JS_NewInt64(ctx, count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return host_throw(ctx, "send", errno, "descriptor %d", fd);
    if (!wait_for(fd, POLLOUT, deadline)) return host_throw(ctx, "send", ETIMEDOUT, "descriptor %d", fd);
  }
}

/* One message; for netlink only from the kernel (port 0), since any process may send to a netlink socket. */
static ssize_t receive(int fd, struct host_span span, bool *foreign, bool *cut) {
  struct netlink_address from = {0};
  struct iovec part = {.iov_base = span.bytes, .iov_len = span.length};
  struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
  ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);
  *foreign = count >= 0 && from.family == AF_NETLINK && from.port_id != 0;
  *cut = count >= 0 && (message.msg_flags & MSG_TRUNC) != 0;
  return count;
}

JSValue host_recv(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  int fd;
  struct host_span span;
  int64_t deadline;
  if (!transfer_args(ctx, "recv", argv, true, &fd, &span, &deadline)) return JS_EXCEPTION;
  host_kill_point();
  for (;;) {
    bool foreign, cut;
    ssize_t count = receive(fd, span, &foreign, &cut);
    if (foreign) continue;
    if (cut) return host_throw(ctx, "recv", EMSGSIZE, "more than %zu bytes", span.length);
    if (count >= 0) return JS_NewInt64(ctx, count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return host_throw(ctx, "recv", errno, "descriptor %d", fd);
    if (!wait_for(fd, POLLIN, deadline)) return host_throw(ctx, "recv", ETIMEDOUT, "descriptor %d", fd);
  }
}
