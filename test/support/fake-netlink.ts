/**
 * The rtnetlink of a host in a FakeWorld: answers the questions that are asked about links and IPv4
 * addresses. `world.netlink = fakeNetlink(() => links)`; the list is read again for every question.
 */
import { type Ipv4Net, parseIpv4Net } from '../../src/net/cidr.ts';
import { ipv4Bytes } from '../../src/net/ipv4.ts';
import { macBytes, parseMac } from '../../src/net/mac.ts';
import {
  NLMSG_DONE,
  NLMSG_ERROR,
  readAttrs,
  readMessages,
  stringOf,
  u32At,
} from '../../src/net/netlink/reader.ts';
import { MessageWriter } from '../../src/net/netlink/writer.ts';
import type { NetlinkAnswer } from './fake-sys.ts';

export interface FakeLink {
  readonly index: number;
  readonly name: string;
  readonly mac?: string;
  readonly kind?: string;
  readonly masterIndex?: number;
  readonly loopback?: boolean;
  readonly running?: boolean;
  /** "10.240.0.4/16" */
  readonly addresses?: readonly string[];
}

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const IF_OPER_UP = 6;
const ENODEV = 19;
const EOPNOTSUPP = 95;

export function fakeNetlink(links: () => readonly FakeLink[]): NetlinkAnswer {
  return (_protocol, request) =>
    readMessages(request).map(({ type, flags, sequence, payload }) => {
      const answer = new MessageWriter();
      const isDump = (flags & 0x300) === 0x300;
      const index = u32At(payload, 4);
      const name = stringOf(readAttrs(payload, 16).get(3));
      if (type === RTM_GETADDR && isDump) addresses(answer, links());
      else if (type === RTM_GETLINK && isDump) for (const link of links()) writeLink(answer, link);
      else if (type === RTM_GETLINK)
        one(
          answer,
          links().find((link) => (index === 0 ? link.name === name : link.index === index)),
        );
      else refuse(answer, EOPNOTSUPP);
      if (isDump) answer.begin(NLMSG_DONE, 0).u32(0).end();
      return withSequence(answer, sequence);
    });
}

function addresses(answer: MessageWriter, links: readonly FakeLink[]): void {
  for (const link of links) {
    for (const text of link.addresses ?? []) {
      const { address, prefixBits } = netOf(text);
      answer.begin(RTM_NEWADDR, 0).octets(2, prefixBits, 0x80, 0).u32(link.index);
      answer.attr(1, ipv4Bytes(address)).attr(2, ipv4Bytes(address)).end();
    }
  }
}

function one(answer: MessageWriter, link: FakeLink | undefined): void {
  if (link !== undefined) writeLink(answer, link);
  // The kernel acknowledges what it answers.
  refuse(answer, link === undefined ? ENODEV : 0);
}

function writeLink(answer: MessageWriter, link: FakeLink): void {
  const mac = link.mac === undefined ? undefined : parseMac(link.mac);
  answer
    .begin(RTM_NEWLINK, 0)
    .u32((link.loopback ? 772 : 1) << 16)
    .u32(link.index);
  answer
    .u32(link.loopback ? 9 : 1)
    .u32(0)
    .attrString(3, link.name)
    .attrU32(4, 1500);
  if (mac !== undefined) answer.attr(1, macBytes(mac));
  if (link.masterIndex !== undefined) answer.attrU32(10, link.masterIndex);
  if (link.running) answer.attrU8(16, IF_OPER_UP);
  const { kind } = link;
  if (kind !== undefined) answer.nest(18, () => answer.attrString(1, kind));
  answer.end();
}

function refuse(answer: MessageWriter, errno: number): void {
  answer
    .begin(NLMSG_ERROR, 0)
    .u32(-errno >>> 0)
    .end();
}

/** Every message of an answer has the sequence number of its question. */
function withSequence(answer: MessageWriter, sequence: number): Uint8Array {
  const bytes = answer.finish(sequence, -1).slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += (view.getUint32(at, true) + 3) & ~3) {
    view.setUint32(at + 8, sequence, true);
  }
  return bytes;
}

function netOf(text: string): Ipv4Net {
  const net = parseIpv4Net(text);
  if (net === undefined) throw new Error(`${text} is no address with its prefix length`);
  return net;
}
