/* Network adapters and their IPv4 addresses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "windows.h"
#include <ws2tcpip.h>
#include <iphlpapi.h>

enum {
  FIRST_BYTES = 32 * 1024,
  MAX_BYTES = 8 * 1024 * 1024, /* thousands of adapters */
  MAC_BYTES = 6,
};

typedef ULONG(WINAPI *get_adapters)(ULONG, ULONG, PVOID, IP_ADAPTER_ADDRESSES *, ULONG *);

/* malloc's; NULL with *error set. The list may grow between two attempts. */
static IP_ADAPTER_ADDRESSES *read_adapters(DWORD *error) {
  FARPROC function = host_system_function(L"iphlpapi.dll", "GetAdaptersAddresses");
  *error = ERROR_CALL_NOT_IMPLEMENTED;
  if (function == NULL) return NULL;
  const ULONG flags = GAA_FLAG_INCLUDE_GATEWAYS | GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST |
                      GAA_FLAG_SKIP_DNS_SERVER;
  for (ULONG size = FIRST_BYTES; size <= MAX_BYTES;) {
    IP_ADAPTER_ADDRESSES *list = malloc(size);
    *error = ERROR_OUTOFMEMORY;
    if (list == NULL) return NULL;
    *error = ((get_adapters)(void (*)(void))function)(AF_INET, flags, NULL, list, &size);
    if (*error == ERROR_SUCCESS) return list;
    free(list);
    if (*error != ERROR_BUFFER_OVERFLOW) return NULL;
  }
  return NULL;
}

static JSValue dotted(JSContext *ctx, const SOCKET_ADDRESS *socket_address) {
  const struct sockaddr_in *address = (const struct sockaddr_in *)socket_address->lpSockaddr;
  const uint8_t *part = (const uint8_t *)&address->sin_addr.s_addr;
  char text[16];
  snprintf(text, sizeof text, "%d.%d.%d.%d", part[0], part[1], part[2], part[3]);
  return JS_NewString(ctx, text);
}

static bool is_ipv4(const SOCKET_ADDRESS *address) {
  return address->lpSockaddr != NULL && address->lpSockaddr->sa_family == AF_INET;
}

/* Appends a value, which it takes over; false with an exception pending. */
static bool push(JSContext *ctx, JSValue array, uint32_t *count, JSValue value) {
  return !JS_IsException(value) &&
         JS_DefinePropertyValueUint32(ctx, array, (*count)++, value, JS_PROP_C_W_E) >= 0;
}

static JSValue addresses_of(JSContext *ctx, const IP_ADAPTER_ADDRESSES *adapter) {
  JSValue array = JS_NewArray(ctx);
  uint32_t count = 0;
  for (IP_ADAPTER_UNICAST_ADDRESS *one = adapter->FirstUnicastAddress; one != NULL; one = one->Next) {
    if (!is_ipv4(&one->Address)) continue;
    const char *names[] = {"address", "prefixBits"};
    JSValue values[] = {dotted(ctx, &one->Address), JS_NewInt32(ctx, one->OnLinkPrefixLength)};
    if (push(ctx, array, &count, host_object_of(ctx, 2, names, values))) continue;
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  return array;
}

static JSValue gateways_of(JSContext *ctx, const IP_ADAPTER_ADDRESSES *adapter) {
  JSValue array = JS_NewArray(ctx);
  uint32_t count = 0;
  for (IP_ADAPTER_GATEWAY_ADDRESS_LH *one = adapter->FirstGatewayAddress; one != NULL; one = one->Next) {
    if (!is_ipv4(&one->Address) || push(ctx, array, &count, dotted(ctx, &one->Address))) continue;
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  return array;
}

static JSValue mac_of(JSContext *ctx, const IP_ADAPTER_ADDRESSES *adapter) {
  char text[18] = "";
  const uint8_t *b = adapter->PhysicalAddress;
  if (adapter->PhysicalAddressLength == MAC_BYTES && adapter->IfType != IF_TYPE_SOFTWARE_LOOPBACK) {
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
  }
  return JS_NewString(ctx, text);
}

static JSValue adapter_object(JSContext *ctx, const IP_ADAPTER_ADDRESSES *adapter) {
  const char *names[] = {"index", "name", "mac", "loopback", "up", "mtu", "ipv4", "gateways"};
  JSValue values[] = {
      JS_NewInt64(ctx, adapter->IfIndex),
      host_wide_string(ctx, adapter->FriendlyName == NULL ? L"" : adapter->FriendlyName),
      mac_of(ctx, adapter),
      JS_NewBool(ctx, adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK),
      JS_NewBool(ctx, adapter->OperStatus == IfOperStatusUp),
      JS_NewInt64(ctx, adapter->Mtu),
      addresses_of(ctx, adapter),
      gateways_of(ctx, adapter),
  };
  return host_object_of(ctx, 8, names, values);
}

JSValue host_adapters(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self, (void)argc, (void)argv;
  DWORD error;
  host_kill_point();
  IP_ADAPTER_ADDRESSES *list = read_adapters(&error);
  if (list == NULL && error == ERROR_NO_DATA) return JS_NewArray(ctx);
  if (list == NULL) return host_throw_windows(ctx, "adapters", error, "GetAdaptersAddresses");
  JSValue array = JS_NewArray(ctx);
  uint32_t count = 0;
  for (IP_ADAPTER_ADDRESSES *adapter = list; adapter != NULL; adapter = adapter->Next) {
    if (push(ctx, array, &count, adapter_object(ctx, adapter))) continue;
    JS_FreeValue(ctx, array);
    array = JS_EXCEPTION;
    break;
  }
  free(list);
  return array;
}
