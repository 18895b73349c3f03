/**
 * What makes a NIC the node's own: its addresses and the routes through it. Captured before the
 * bridge takes the NIC's place, kept in the journal until the move is done.
 */
import type { JsonObject, JsonValue } from '../cni/types.ts';
import type { NetlinkMessage } from '../net/netlink/reader.ts';
import type { NetlinkSocket } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import {
  AF_INET,
  AF_INET6,
  copyAddress,
  hasPrefixRoute,
  type LinkAddress,
  listAddresses,
  parseAddress,
  RT_SCOPE_UNIVERSE,
  withPrefixRoute,
} from '../net/rtnl/address.ts';
import {
  copyRoute,
  isMultipath,
  listRoutes,
  parseRoute,
  type Route,
  RT_TABLE_LOCAL,
} from '../net/rtnl/route.ts';

export interface HostConfig {
  readonly addresses: readonly LinkAddress[];
  /** In the order in which they can be added: on-link routes before those through a gateway. */
  readonly routes: readonly Route[];
}

/** Reads the global addresses of a link, both families, and all routes through it but local ones. */
export function captureHostConfig(socket: NetlinkSocket, linkIndex: number): HostConfig {
  const families = [AF_INET, AF_INET6];
  const addresses = families
    .flatMap((family) => listAddresses(socket, family))
    .filter((address) => address.linkIndex === linkIndex && address.scope === RT_SCOPE_UNIVERSE);
  const routes = families
    .flatMap((family) => listRoutes(socket, family))
    .filter(
      (route) => route.linkIndex === linkIndex && route.table !== RT_TABLE_LOCAL && !isAutomatic(route),
    );
  return { addresses, routes: [...routes].sort((a, b) => rank(a) - rank(b)) };
}

/** Number of routes with several next hops: they belong to no single link and are not moved. */
export function countMultipath(socket: NetlinkSocket): number {
  return [AF_INET, AF_INET6].flatMap((family) => listRoutes(socket, family)).filter(isMultipath).length;
}

/** Both configurations together: what an interrupted move left on either side. */
export function mergeHostConfig(first: HostConfig, second: HostConfig): HostConfig {
  const merge = <T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean) => [
    ...a,
    ...b.filter((y) => !a.some((x) => same(x, y))),
  ];
  return {
    addresses: merge(first.addresses, second.addresses, sameAddress),
    routes: merge(first.routes, second.routes, sameRoute).sort((a, b) => rank(a) - rank(b)),
  };
}

/**
 * What the bridge has, as its NIC had it: on the bridge no address makes its connected route by itself, on
 * the NIC it did, unless a network manager had said otherwise (`before` tells).
 */
export function asOnNic(onBridge: HostConfig, before: HostConfig | undefined): HostConfig {
  const addresses = onBridge.addresses.map((address) => {
    const known = before?.addresses.find((other) => sameAddress(address, other));
    return withPrefixRoute(address, known === undefined || hasPrefixRoute(known));
  });
  return { ...onBridge, addresses };
}

export function sameAddress(a: LinkAddress, b: LinkAddress): boolean {
  return a.family === b.family && a.prefixBits === b.prefixBits && sameBytes(a.local, b.local);
}

/** Same family, table, destination and priority: the kernel takes only one of the two. */
export function sameRoute(a: Route, b: Route): boolean {
  return routeKey(a) === routeKey(b);
}

function routeKey(route: Route): string {
  const metric = route.attrs.find((attr) => attr.type === RTA_PRIORITY)?.value;
  return [
    route.family,
    route.table,
    route.dstBits,
    toHex(route.dst),
    toHex(metric),
    route.header[3] ?? 0,
  ].join(' ');
}

/**
 * A connected route of IPv6 that the kernel makes with an address: it would not replace one that is added
 * beside it, as it does for IPv4.
 */
export function comesWithAddress(route: Route, addresses: readonly LinkAddress[]): boolean {
  const { family, header, dst, dstBits } = route;
  if (family !== AF_INET6 || header[RTMSG_PROTOCOL] !== RTPROT_KERNEL || dst === undefined) return false;
  return addresses.some(
    (address) =>
      address.family === family &&
      address.prefixBits === dstBits &&
      hasPrefixRoute(address) &&
      sameBits(address.local, dst, dstBits),
  );
}

/** Link-local and multicast routes of IPv6: every link has its own, made by the kernel. */
function isAutomatic(route: Route): boolean {
  const [first, second = 0] = route.dst ?? [];
  return route.family === AF_INET6 && (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80));
}

function rank(route: Route): number {
  return (route.gateway === undefined ? 0 : 1000) + (route.dstBits === 0 ? 500 : 128 - route.dstBits);
}

// ---- journal form: the netlink messages themselves, as hex digits ----

export function hostConfigToJson(config: HostConfig): JsonObject {
  return {
    addresses: config.addresses.map((address) =>
      messageHex((writer) =>
        copyAddress(writer, address, address.linkIndex, { prefixRoute: hasPrefixRoute(address) }),
      ),
    ),
    routes: config.routes.map((route) =>
      messageHex((writer) => copyRoute(writer, route, route.linkIndex ?? 0)),
    ),
  };
}

/** Reads the journal form; undefined when it is damaged. */
export function hostConfigFromJson(value: JsonValue | undefined): HostConfig | undefined {
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value))
    return undefined;
  const { addresses, routes } = value as JsonObject;
  const parsedAddresses = parseAll(addresses, parseAddress);
  const parsedRoutes = parseAll(routes, parseRoute);
  if (parsedAddresses === undefined || parsedRoutes === undefined) return undefined;
  return { addresses: parsedAddresses, routes: parsedRoutes };
}

function parseAll<T>(list: JsonValue | undefined, parse: (message: NetlinkMessage) => T | undefined) {
  if (!Array.isArray(list)) return undefined;
  const parsed: T[] = [];
  for (const hex of list as readonly JsonValue[]) {
    if (typeof hex !== 'string' || !/^([0-9a-f]{2})+$/.test(hex)) return undefined;
    const payload = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const item = parse({ type: 0, flags: 0, sequence: 0, payload });
    if (item === undefined) return undefined;
    parsed.push(item);
  }
  return parsed;
}

/** The payload of one message, without its header. */
function messageHex(write: (writer: MessageWriter) => void): string {
  const writer = new MessageWriter();
  write(writer);
  return toHex(writer.finish(0, -1).subarray(NETLINK_HEADER_BYTES));
}

function toHex(bytes: Uint8Array | undefined): string {
  return Array.from(bytes ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function sameBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  const mask = 0xff00 >> (bits & 7);
  const rest = ((a[whole] ?? 0) ^ (b[whole] ?? 0)) & mask & 0xff;
  return rest === 0 && sameBytes(a.subarray(0, whole), b.subarray(0, whole));
}

const NETLINK_HEADER_BYTES = 16;
/** Offset of rtm_protocol, and RTPROT_KERNEL (linux/rtnetlink.h). */
const RTMSG_PROTOCOL = 5;
const RTPROT_KERNEL = 2;
const RTA_PRIORITY = 6;
