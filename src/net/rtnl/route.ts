/**
 * Routes. A route that is read keeps its header and attributes raw, so that it can be moved to
 * another link whatever it carries (metrics, preferred source, onlink gateway, table).
 * linux/rtnetlink.h
 */
import type { Cidr } from '../cidr.ts';
import { type Ipv4, ipv4Bytes } from '../ipv4.ts';
import { forEachAttr, type NetlinkMessage, u32At } from '../netlink/reader.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { type MessageWriter, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/writer.ts';
import { AF_INET } from './address.ts';

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_CACHEINFO = 12;
const RTA_TABLE = 15;
const RTA_MULTIPATH = 9;

const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
const RTPROT_STATIC = 4;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;
const RTM_F_CLONED = 0x200;

/** struct rtmsg: u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags */
const RTMSG_BYTES = 12;

export interface Route {
  readonly family: number;
  readonly table: number;
  /** The 12 bytes of struct rtmsg. */
  readonly header: Uint8Array;
  readonly attrs: readonly { readonly type: number; readonly value: Uint8Array }[];
  /** Outgoing link; absent for multipath, blackhole and the like. */
  readonly linkIndex?: number;
  readonly dstBits: number;
  readonly dst?: Uint8Array;
  readonly gateway?: Uint8Array;
}

/** All routes of one family and every table, without cache entries. */
export function listRoutes(socket: NetlinkSocket, family: number): Route[] {
  return socket
    .dump(RTM_GETROUTE, (request) => request.u32(family).u32(0).u32(0))
    .map(parseRoute)
    .filter((route) => route !== undefined);
}

/** True when a next hop of a multipath route uses the link: such a route cannot be moved alone. */
export function isMultipath(route: Route): boolean {
  return route.attrs.some((attr) => attr.type === RTA_MULTIPATH);
}

export interface Ipv4Route {
  readonly dst: Cidr;
  readonly gateway?: Ipv4;
  readonly linkIndex: number;
}

/** Adds a message for a static IPv4 route; EEXIST when it is there. */
export function addIpv4Route(batch: MessageWriter, route: Ipv4Route): void {
  const scope = route.gateway === undefined ? RT_SCOPE_LINK : 0;
  batch.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  batch.octets(AF_INET, route.dst.prefixBits, 0, 0);
  batch.octets(RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST).u32(0);
  if (route.dst.prefixBits > 0) batch.attr(RTA_DST, ipv4Bytes(route.dst.base));
  if (route.gateway !== undefined) batch.attr(RTA_GATEWAY, ipv4Bytes(route.gateway));
  batch.attrU32(RTA_OIF, route.linkIndex).end();
}

/** Adds a message that creates (or replaces) the same route through another link. */
export function copyRoute(batch: MessageWriter, route: Route, linkIndex: number): void {
  batch.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  writeRoute(batch, route, linkIndex);
}

export function deleteRoute(batch: MessageWriter, route: Route, linkIndex: number): void {
  batch.begin(RTM_DELROUTE, 0);
  writeRoute(batch, route, linkIndex);
}

function writeRoute(batch: MessageWriter, route: Route, linkIndex: number): void {
  // The flags of struct rtmsg hold states such as LINKDOWN that only the kernel may set; ONLINK (4) is ours.
  batch.bytes(route.header.subarray(0, 8)).u32((u32At(route.header, 8) ?? 0) & 4);
  for (const { type, value } of route.attrs) {
    if (type === RTA_OIF) batch.attrU32(RTA_OIF, linkIndex);
    else if (type !== RTA_CACHEINFO) batch.attr(type, value);
  }
  batch.end();
}

/** Reads an RTM_NEWROUTE message; undefined for a malformed one and for cache entries. */
export function parseRoute(message: NetlinkMessage): Route | undefined {
  const { payload } = message;
  const flags = u32At(payload, 8);
  if (flags === undefined || (flags & RTM_F_CLONED) !== 0) return undefined;
  const attrs: { type: number; value: Uint8Array }[] = [];
  forEachAttr(payload, RTMSG_BYTES, (type, value) => attrs.push({ type, value }));
  const find = (type: number) => attrs.find((attr) => attr.type === type)?.value;
  const linkIndex = u32At(find(RTA_OIF));
  const [dst, gateway] = [find(RTA_DST), find(RTA_GATEWAY)];
  return {
    family: payload[0] ?? 0,
    table: u32At(find(RTA_TABLE)) ?? payload[4] ?? 0,
    header: payload.subarray(0, RTMSG_BYTES),
    attrs,
    dstBits: payload[1] ?? 0,
    ...(linkIndex === undefined ? {} : { linkIndex }),
    ...(dst === undefined ? {} : { dst }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}
