/* TCP through Winsock. Every wait has a deadline; sockets never block. */
#include <errno.h>
#include "windows.h"
#include <ws2tcpip.h>

enum { PORT_MAX = 65535 };

static bool start_winsock(void) {
  static bool is_started;
  WSADATA data;
  if (!is_started) is_started = WSAStartup(MAKEWORD(2, 2), &data) == 0;
  return is_started;
}

/*
 * Waits until the socket can be read or written; false when the deadline has passed first. Not WSAPoll, which
 * before Windows 10 2004 does not report a refused connection.
 */
static bool wait_for(SOCKET socket, bool for_reading, int64_t deadline) {
  for (;;) {
    fd_set ready, failed;
    FD_ZERO(&ready);
    FD_ZERO(&failed);
    FD_SET(socket, &ready);
    FD_SET(socket, &failed);
    int left_ms = host_left_ms(deadline);
    struct timeval left = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
    int count = select(0, for_reading ? &ready : NULL, for_reading ? NULL : &ready, &failed, &left);
    if (count != 0) return true; /* an error shows in the next call */
    if (host_left_ms(deadline) == 0) return false;
  }
}

/* 0, or the Winsock error of a connect that has begun. */
static DWORD finish_connect(SOCKET socket, int64_t deadline) {
  int error = 0, size = sizeof error;
  if (!wait_for(socket, false, deadline)) return WSAETIMEDOUT;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, (char *)&error, &size) != 0) return (DWORD)WSAGetLastError();
  return (DWORD)error;
}

/* Connects a new socket; 0 or a Winsock error. */
static DWORD connect_until(SOCKET *out, const struct sockaddr_in *address, int64_t deadline) {
  if (!start_winsock()) return WSAENETDOWN;
  DWORD flags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
  SOCKET socket = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, flags);
  if (socket == INVALID_SOCKET) return (DWORD)WSAGetLastError();
  u_long on = 1;
  DWORD error = 0;
  if (ioctlsocket(socket, FIONBIO, &on) != 0 ||
      connect(socket, (const struct sockaddr *)address, sizeof *address) != 0) {
    error = (DWORD)WSAGetLastError();
  }
  if (error == WSAEWOULDBLOCK) error = finish_connect(socket, deadline);
  if (error != 0) closesocket(socket);
  *out = socket;
  return error;
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
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((u_short)port), .sin_addr.s_addr = htonl((u_long)ipv4)};
  SOCKET socket = INVALID_SOCKET;
  DWORD error = connect_until(&socket, &address, deadline);
  if (error == 0) return host_handle_return(ctx, "connectTcp", HOST_SOCKET, (HANDLE)socket);
  const uint8_t *part = (const uint8_t *)&address.sin_addr.s_addr;
  return host_throw_windows(ctx, "connectTcp", error, "%d.%d.%d.%d:%lld", part[0], part[1], part[2], part[3],
                            (long long)port);
}

/* The arguments that send and recv share: fd, buffer, offset, length, timeout. */
static bool transfer_args(JSContext *ctx, const char *call, JSValueConst *argv, bool writable, SOCKET *socket,
                          struct host_span *span, int64_t *deadline) {
  int timeout_ms;
  HANDLE handle;
  if (!host_arg_handle(ctx, call, argv[0], HOST_SOCKET, &handle) ||
      !host_arg_timeout(ctx, call, argv[4], &timeout_ms) ||
      !host_arg_span(ctx, call, argv + 1, writable, span)) {
    return false;
  }
  *socket = (SOCKET)handle;
  *deadline = host_deadline(timeout_ms);
  return true;
}

static int limited(size_t length) { return length > INT32_MAX ? INT32_MAX : (int)length; }

JSValue host_send(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  SOCKET socket;
  struct host_span span;
  int64_t deadline;
  if (!transfer_args(ctx, "send", argv, false, &socket, &span, &deadline)) return JS_EXCEPTION;
  host_kill_point();
  for (;;) {
    int count = send(socket, (const char *)span.bytes, limited(span.length), 0);
    if (count >= 0) return JS_NewInt32(ctx, count);
    DWORD error = (DWORD)WSAGetLastError();
    /* Linux says EPIPE to who writes to a connection that was reset. */
    if (error == WSAECONNRESET || error == WSAECONNABORTED) error = WSAESHUTDOWN;
    if (error != WSAEWOULDBLOCK) return host_throw_windows(ctx, "send", error, "a socket");
    if (!wait_for(socket, false, deadline)) return host_throw(ctx, "send", ETIMEDOUT, "a socket");
  }
}

JSValue host_recv(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc;
  SOCKET socket;
  struct host_span span;
  int64_t deadline;
  if (!transfer_args(ctx, "recv", argv, true, &socket, &span, &deadline)) return JS_EXCEPTION;
  host_kill_point();
  for (;;) {
    int count = recv(socket, (char *)span.bytes, limited(span.length), 0);
    if (count >= 0) return JS_NewInt32(ctx, count);
    DWORD error = (DWORD)WSAGetLastError();
    if (error != WSAEWOULDBLOCK) return host_throw_windows(ctx, "recv", error, "a socket");
    if (!wait_for(socket, true, deadline)) return host_throw(ctx, "recv", ETIMEDOUT, "a socket");
  }
}
