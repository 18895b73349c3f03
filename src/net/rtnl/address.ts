/**
 * Addresses of links. What is read is kept raw beside the parsed fields, so that an address can be
 * moved to another link with everything that belongs to it (lifetime, scope, broadcast).
 * linux/if_addr.h
 */
import { type Ipv4Net, maskOf } from '../cidr.ts';
import { type Ipv4, ipv4Bytes, ipv4FromBytes } from '../ipv4.ts';
import { attrTypes, forEachAttr, type NetlinkMessage, u32At } from '../netlink/reader.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { type MessageWriter, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/writer.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const LOCAL = attrTypes(IFA_LOCAL);
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;

const IFA_F_SECONDARY = 0x01;
const IFA_F_NODAD = 0x02;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_PERMANENT = 0x80;
const IFA_F_NOPREFIXROUTE = 0x200;
/** Flags that describe what the kernel found out, not what was asked for. */
const KERNEL_FLAGS = IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_PERMANENT;

export const RT_SCOPE_UNIVERSE = 0;

/** struct ifaddrmsg { u8 family; u8 prefixlen; u8 flags; u8 scope; u32 index; } */
const IFADDR_BYTES = 8;

export interface LinkAddress {
  readonly family: number;
  readonly prefixBits: number;
  readonly scope: number;
  readonly linkIndex: number;
  readonly flags: number;
  /** The local address, 4 or 16 bytes. */
  readonly local: Uint8Array;
  /** Every attribute as the kernel gave it. */
  readonly attrs: readonly { readonly type: number; readonly value: Uint8Array }[];
}

/** All addresses of one family (AF_INET, AF_INET6). */
export function listAddresses(socket: NetlinkSocket, family: number): LinkAddress[] {
  return dumpAddresses(socket, family)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}

function dumpAddresses(socket: NetlinkSocket, family: number): NetlinkMessage[] {
  return socket.dump(RTM_GETADDR, (request) =>
    ifaddr(request, { family, prefixBits: 0, scope: 0, linkIndex: 0 }),
  );
}

/** All IPv4 addresses of all links, and nothing else of them: every ADD asks. */
export function listIpv4(socket: NetlinkSocket): Ipv4[] {
  return ipv4In(dumpAddresses(socket, AF_INET));
}

/** The IPv4 addresses in RTM_NEWADDR messages. */
export function ipv4In(messages: readonly NetlinkMessage[]): Ipv4[] {
  const found: Ipv4[] = [];
  const visit = (_type: number, local: Uint8Array) => {
    if (local.length === 4) found.push(ipv4FromBytes(local));
  };
  for (const { payload } of messages) forEachAttr(payload, IFADDR_BYTES, visit, LOCAL);
  return found;
}

/** The IPv4 address with its prefix; undefined for IPv6. */
export function ipv4NetOf(address: LinkAddress): Ipv4Net | undefined {
  if (address.family !== AF_INET) return undefined;
  return { address: ipv4FromBytes(address.local), prefixBits: address.prefixBits };
}

/** Adds a message that gives a link an IPv4 address with the broadcast address of its network. */
export function addIpv4(batch: MessageWriter, linkIndex: number, net: Ipv4Net): void {
  const local = ipv4Bytes(net.address);
  const broadcast = ((net.address | ~maskOf(net.prefixBits)) >>> 0) as typeof net.address;
  batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddr(batch, { family: AF_INET, prefixBits: net.prefixBits, scope: RT_SCOPE_UNIVERSE, linkIndex });
  batch.attr(IFA_LOCAL, local).attr(IFA_ADDRESS, local);
  if (net.prefixBits < 31) batch.attr(IFA_BROADCAST, ipv4Bytes(broadcast));
  batch.end();
}

/**
 * Adds a message that gives `linkIndex` the same address. Without prefix route the connected route
 * is left to the caller; `forever` leaves the lifetime out. The label names the old link and is left out.
 */
export function copyAddress(
  batch: MessageWriter,
  address: LinkAddress,
  linkIndex: number,
  options: { readonly prefixRoute: boolean; readonly forever?: boolean },
): void {
  const kept = address.flags & ~(KERNEL_FLAGS | IFA_F_NOPREFIXROUTE);
  // The address was unique on the link before: no second detection, which would take it away for a second.
  const detection = address.family === AF_INET6 ? IFA_F_NODAD : 0;
  const flags = kept | detection | (options.prefixRoute ? 0 : IFA_F_NOPREFIXROUTE);
  batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  ifaddr(batch, { ...address, linkIndex });
  for (const attr of address.attrs) {
    const left = attr.type === IFA_LABEL || attr.type === IFA_FLAGS;
    if (!left && !(options.forever && attr.type === IFA_CACHEINFO)) batch.attr(attr.type, attr.value);
  }
  batch.attrU32(IFA_FLAGS, flags).end();
}

/** True when the kernel makes the connected route of the address by itself. */
export function hasPrefixRoute({ flags }: LinkAddress): boolean {
  return (flags & IFA_F_NOPREFIXROUTE) === 0;
}

/** The address with or without a connected route of its own. */
export function withPrefixRoute(address: LinkAddress, on: boolean): LinkAddress {
  const { flags } = address;
  return { ...address, flags: on ? flags & ~IFA_F_NOPREFIXROUTE : flags | IFA_F_NOPREFIXROUTE };
}

/** Adds a message that takes the address from a link. A delete must not carry NLM_F_EXCL. */
export function deleteAddress(batch: MessageWriter, address: LinkAddress, linkIndex: number): void {
  batch.begin(RTM_DELADDR, 0);
  ifaddr(batch, { ...address, linkIndex });
  batch.attr(address.family === AF_INET ? IFA_LOCAL : IFA_ADDRESS, address.local).end();
}

/** Reads an RTM_NEWADDR message; undefined for a malformed one. */
export function parseAddress(message: NetlinkMessage): LinkAddress | undefined {
  const { payload } = message;
  const linkIndex = u32At(payload, 4);
  const [family, prefixBits, shortFlags, scope] = payload;
  if (linkIndex === undefined || family === undefined || prefixBits === undefined) return undefined;
  const attrs: { type: number; value: Uint8Array }[] = [];
  forEachAttr(payload, IFADDR_BYTES, (type, value) => attrs.push({ type, value }));
  const find = (type: number) => attrs.find((attr) => attr.type === type)?.value;
  const local = find(IFA_LOCAL) ?? find(IFA_ADDRESS);
  if (local === undefined || local.length !== (family === AF_INET ? 4 : 16)) return undefined;
  const flags = u32At(find(IFA_FLAGS)) ?? shortFlags ?? 0;
  return { family, prefixBits, scope: scope ?? 0, linkIndex, flags, local, attrs };
}

function ifaddr(
  writer: MessageWriter,
  header: Pick<LinkAddress, 'family' | 'prefixBits' | 'scope' | 'linkIndex'>,
): void {
  writer.octets(header.family, header.prefixBits, 0, header.scope).u32(header.linkIndex);
}
