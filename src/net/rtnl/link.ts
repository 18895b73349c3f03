/**
 * Links: bridges, veth pairs, their ports and state, through rtnetlink.
 * linux/rtnetlink.h, linux/if_link.h
 */
import { type MacAddress, macBytes, macFromBytes } from '../mac.ts';
import { attrTypes, forEachAttr, type NetlinkMessage, stringOf, u16At, u32At } from '../netlink/reader.ts';
import { NetlinkError, type NetlinkSocket } from '../netlink/socket.ts';
import { MessageWriter, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/writer.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_PROTINFO = 12;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_BR_FORWARD_DELAY = 1;
const IFLA_BR_STP_STATE = 5;
const IFLA_BRPORT_STATE = 1;
const IFLA_BRPORT_MODE = 4;
const BR_STATE_DISABLED = 0;
const BR_STATE_FORWARDING = 3;
const VETH_INFO_PEER = 1;
const AF_BRIDGE = 7;
const AF_INET6 = 10;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const RTEXT_FILTER_SKIP_STATS = 8;

const IF_OPER_UP = 6;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const ARPHRD_ETHER = 1;

/** struct ifinfomsg { u8 family; u8 pad; u16 type; s32 index; u32 flags; u32 change; } */
const IFINFO_BYTES = 16;

export interface Link {
  readonly index: number;
  readonly name: string;
  /** Absent for links without an Ethernet address. */
  readonly mac?: MacAddress;
  readonly mtu: number;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Index of the bridge (or other master) that the link is a port of. */
  readonly masterIndex?: number;
  /** Kind of a virtual link ("bridge", "veth", "vlan" …); absent for hardware. */
  readonly kind?: string;
  /** Hairpin mode of a bridge port. */
  readonly hairpin?: boolean;
  /** Operational state: the kernel has seen the carrier and lets frames out (RFC 2863 ifOperStatus). */
  readonly running: boolean;
  /** Of a bridge port: whether it takes and delivers frames. */
  readonly forwarding?: boolean;
}

/** The link of this name, or undefined when there is none. */
export function linkByName(socket: NetlinkSocket, name: string): Link | undefined {
  const message = getLink(socket, 0, name);
  return message && parseLink(message);
}

export function linkByIndex(socket: NetlinkSocket, index: number): Link | undefined {
  const message = getLink(socket, index);
  return message && parseLink(message);
}

/**
 * Adds the question for a link. Since Linux 6.8 the kernel, before it answers, does what it has put off of the
 * link: after a change of the carrier, to let frames out.
 */
export function askLink(batch: MessageWriter, index: number, name?: string): void {
  batch.begin(RTM_GETLINK, 0);
  ifinfo(batch, index).attrU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (name !== undefined) batch.attrString(IFLA_IFNAME, name);
  batch.end();
}

/** Index of the link of this name: to read all of a link takes longer than the question. */
export function indexOfLink(socket: NetlinkSocket, name: string): number | undefined {
  const message = getLink(socket, 0, name);
  return message && indexIn(message);
}

/** Index in the answer to `askLink`; 0, which no link has, in a malformed one. */
export function indexIn({ payload }: NetlinkMessage): number {
  return u32At(payload, 4) ?? 0;
}

/** All links, in the order of their index. With hundreds of pods this is not for the hot path. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket
    .dump(RTM_GETLINK, (request) => ifinfo(request, 0).attrU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS))
    .map(parseLink)
    .filter((link) => link !== undefined);
}

/** Adds a message that creates a bridge that is up, without spanning tree and forward delay. */
export function addBridge(
  batch: MessageWriter,
  bridge: { readonly name: string; readonly mac: MacAddress; readonly mtu: number },
): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  ifinfo(batch, 0, IFF_UP)
    .attrString(IFLA_IFNAME, bridge.name)
    .attr(IFLA_ADDRESS, macBytes(bridge.mac))
    .attrU32(IFLA_MTU, bridge.mtu)
    .nest(IFLA_LINKINFO, () => {
      batch.attrString(IFLA_INFO_KIND, 'bridge').nest(IFLA_INFO_DATA, () => {
        batch.attrU32(IFLA_BR_FORWARD_DELAY, 0).attrU32(IFLA_BR_STP_STATE, 0);
      });
    })
    .end();
}

export interface VethPair {
  readonly name: string;
  readonly mac: MacAddress;
  readonly mtu: number;
  readonly masterIndex: number;
  readonly peer: {
    readonly name: string;
    readonly mac: MacAddress;
    /** Descriptor of the network namespace in which the peer is created. */
    readonly netnsFd: number;
  };
}

/** What each message of `addVeth` is for. The second may be refused: a kernel without IPv6 does not know it. */
export const VETH_STEPS = ['veth pair', 'IPv6 mode', 'hairpin mode', 'state'] as const;
export const OPTIONAL_VETH_STEP = 1;

/**
 * Queues of each end in each direction: as many as a pair works with anyway. Unless it is told a number, the kernel
 * makes one for each processor and takes all but the first out of use again, which is a wait of a third of a
 * millisecond with every processor of the machine (drivers/net/veth.c, veth_init_queues).
 */
const VETH_QUEUES = 1;

/**
 * Adds the messages that create a veth pair: the host end a port of the bridge, without an IPv6 address, in hairpin
 * mode, up; the peer in the other namespace, down (IFF_UP there is refused with ENOTCONN: its own end is
 * not yet there). With an address of its own each port would cost more the more ports have one, and be
 * seen by its pod.
 */
export function addVeth(batch: MessageWriter, veth: VethPair): void {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  vethEnd(batch, veth, veth.mtu)
    .attrU32(IFLA_MASTER, veth.masterIndex)
    .nest(IFLA_LINKINFO, () => {
      batch.attrString(IFLA_INFO_KIND, 'veth').nest(IFLA_INFO_DATA, () => {
        batch.nest(VETH_INFO_PEER, () => {
          vethEnd(batch, veth.peer, veth.mtu).attrU32(IFLA_NET_NS_FD, veth.peer.netnsFd);
        });
      });
    })
    .end();
  withoutIpv6Address(batch, veth.name);
  setHairpin(batch, veth.name, true);
  setUpByName(batch, veth.name);
}

/** What both ends of a pair are told. */
function vethEnd(
  batch: MessageWriter,
  { name, mac }: Pick<VethPair, 'name' | 'mac'>,
  mtu: number,
): MessageWriter {
  return ifinfo(batch, 0)
    .attrString(IFLA_IFNAME, name)
    .attr(IFLA_ADDRESS, macBytes(mac))
    .attrU32(IFLA_MTU, mtu)
    .attrU32(IFLA_NUM_TX_QUEUES, VETH_QUEUES)
    .attrU32(IFLA_NUM_RX_QUEUES, VETH_QUEUES);
}

/** Adds a message that keeps the kernel from making a link-local address when the link comes up. */
export function withoutIpv6Address(batch: MessageWriter, name: string): void {
  batch.begin(RTM_NEWLINK, 0);
  ifinfo(batch, 0)
    .attrString(IFLA_IFNAME, name)
    .nest(IFLA_AF_SPEC, () => {
      batch.nest(AF_INET6, () => batch.attrU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE));
    })
    .end();
}

/** Adds a message that sets hairpin mode on a bridge port: frames may leave where they came from. */
export function setHairpin(batch: MessageWriter, name: string, on: boolean): void {
  batch.begin(RTM_NEWLINK, 0);
  ifinfo(batch, 0)
    .attrString(IFLA_IFNAME, name)
    .nest(IFLA_LINKINFO, () => {
      batch.attrString(IFLA_INFO_SLAVE_KIND, 'bridge').nest(IFLA_INFO_SLAVE_DATA, () => {
        batch.attrU8(IFLA_BRPORT_MODE, on ? 1 : 0);
      });
    })
    .end();
}

/**
 * Adds a message that stops a bridge port: it neither takes nor delivers frames from then on. Through the bridge
 * family: after a change of the slave data, as `setHairpin` makes it, the kernel looks at the carrier again,
 * and lets a port that has one forward.
 */
export function disablePort(batch: MessageWriter, index: number): void {
  batch.begin(RTM_SETLINK, 0);
  ifinfo(batch, index, 0, 0, AF_BRIDGE)
    .nest(IFLA_PROTINFO, () => batch.attrU8(IFLA_BRPORT_STATE, BR_STATE_DISABLED))
    .end();
}

/** Adds a message that changes what is given. Only IFF_UP is in the change mask: others stay. */
export function setLink(
  batch: MessageWriter,
  index: number,
  change: {
    readonly up?: boolean;
    readonly masterIndex?: number;
    readonly mac?: MacAddress;
    readonly mtu?: number;
  },
): void {
  batch.begin(RTM_NEWLINK, 0);
  ifinfo(batch, index, change.up === true ? IFF_UP : 0, change.up === undefined ? 0 : IFF_UP);
  if (change.masterIndex !== undefined) batch.attrU32(IFLA_MASTER, change.masterIndex);
  if (change.mac !== undefined) batch.attr(IFLA_ADDRESS, macBytes(change.mac));
  if (change.mtu !== undefined) batch.attrU32(IFLA_MTU, change.mtu);
  batch.end();
}

/** Adds a message that brings a link up by its name, in the namespace of the socket. */
export function setUpByName(batch: MessageWriter, name: string): void {
  batch.begin(RTM_NEWLINK, 0);
  ifinfo(batch, 0, IFF_UP).attrString(IFLA_IFNAME, name).end();
}

/**
 * Adds a message that deletes a link by its name, or by its index, which no later link of that name has;
 * deleting one end of a veth pair deletes both.
 */
export function deleteLink(batch: MessageWriter, link: string | number): void {
  batch.begin(RTM_DELLINK, 0);
  if (typeof link === 'number') ifinfo(batch, link).end();
  else ifinfo(batch, 0).attrString(IFLA_IFNAME, link).end();
}

function ifinfo(writer: MessageWriter, index: number, flags = 0, change = flags, family = 0): MessageWriter {
  return writer.u32(family).u32(index).u32(flags).u32(change);
}

function getLink(socket: NetlinkSocket, index: number, name?: string): NetlinkMessage | undefined {
  const request = new MessageWriter();
  askLink(request, index, name);
  const answer = socket.query(request);
  if (typeof answer !== 'string') return answer;
  if (answer === 'ENODEV') return undefined;
  throw new NetlinkError(answer, 'for a link');
}

const LINK_ATTRS = attrTypes(IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_OPERSTATE, IFLA_LINKINFO);
const INFO_ATTRS = attrTypes(IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA);
const PORT_ATTRS = attrTypes(IFLA_BRPORT_STATE, IFLA_BRPORT_MODE);

type LinkDraft = { -readonly [K in keyof Link]: Link[K] };

/** Reads an RTM_NEWLINK message; undefined for a malformed one. Every call does it: without a Map of the attributes. */
export function parseLink({ payload }: NetlinkMessage): Link | undefined {
  const index = u32At(payload, 4);
  const flags = u32At(payload, 8);
  if (index === undefined || flags === undefined) return undefined;
  const isEthernet = u16At(payload, 2) === ARPHRD_ETHER;
  const link: LinkDraft = {
    index,
    name: '',
    mtu: 0,
    up: (flags & IFF_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    running: false,
  };
  const visit = (type: number, value: Uint8Array) => {
    if (type === IFLA_IFNAME) link.name = stringOf(value) ?? '';
    else if (type === IFLA_MTU) link.mtu = u32At(value) ?? 0;
    else if (type === IFLA_OPERSTATE) link.running = value[0] === IF_OPER_UP;
    else if (type === IFLA_LINKINFO) readInfo(link, value);
    else if (type === IFLA_MASTER) {
      const master = u32At(value);
      if (master !== undefined) link.masterIndex = master;
    } else if (isEthernet && value.length === 6) link.mac = macFromBytes(value);
  };
  forEachAttr(payload, IFINFO_BYTES, visit, LINK_ATTRS);
  return link;
}

function readInfo(link: LinkDraft, info: Uint8Array): void {
  const visitPort = (type: number, value: Uint8Array) => {
    if (type === IFLA_BRPORT_MODE) link.hairpin = value[0] === 1;
    else link.forwarding = value[0] === BR_STATE_FORWARDING;
  };
  const visit = (type: number, value: Uint8Array) => {
    if (type === IFLA_INFO_KIND) link.kind = stringOf(value) ?? '';
    else forEachAttr(value, 0, visitPort, PORT_ATTRS);
  };
  forEachAttr(info, 0, visit, INFO_ATTRS);
}
