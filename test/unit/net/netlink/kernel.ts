/** The kernel's end of a netlink socket, scripted: for tests of everything that talks through one. */
import { type NetlinkMessage, readMessages } from '../../../../src/net/netlink/reader.ts';
import { NetlinkSocket } from '../../../../src/net/netlink/socket.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

export const NLM_F_MULTI = 2;
export const NLM_F_ACK = 4;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** Answers the messages of one send with datagrams. */
export type Kernel = (request: readonly NetlinkMessage[]) => readonly Uint8Array[];

export interface Wire {
  readonly world: FakeWorld;
  readonly socket: NetlinkSocket;
  /** The bytes of every send so far. */
  readonly sent: Uint8Array[];
}

/** A socket whose other end is `kernel`. */
export function wireTo(kernel: Kernel): Wire {
  const world = new FakeWorld();
  const sent: Uint8Array[] = [];
  world.netlink = (_protocol, request) => {
    sent.push(request);
    return kernel(readMessages(request));
  };
  return { world, sent, socket: new NetlinkSocket(world.process(), 0) };
}

/** Takes everything: acknowledges what asks for it. */
export const WILLING: Kernel = (request) => [
  datagram(
    ...request.filter(({ flags }) => (flags & NLM_F_ACK) !== 0).map(({ sequence }) => answer(sequence, 0)),
  ),
];

export interface Message {
  readonly type: number;
  readonly sequence: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}

export function datagram(...messages: readonly Message[]): Uint8Array {
  const parts = messages.map(({ type, sequence, flags = 0, payload = new Uint8Array() }) => {
    const bytes = new Uint8Array((16 + payload.length + 3) & ~3);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 16 + payload.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, sequence, true);
    bytes.set(payload, 16);
    return bytes;
  });
  return joined(...parts);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** NLMSG_ERROR: an acknowledgement with 0, else the errno; as the kernel with NETLINK_CAP_ACK sends it. */
export function answer(sequence: number, errno: number): Message {
  const payload = new Uint8Array(20);
  new DataView(payload.buffer).setInt32(0, -errno, true);
  return { type: NLMSG_ERROR, sequence, payload };
}

export function done(sequence: number): Message {
  return { type: NLMSG_DONE, sequence, flags: NLM_F_MULTI, payload: new Uint8Array(4) };
}

/** Plays captured messages as the answer to a dump. */
export function replay(messages: readonly NetlinkMessage[], sequence: number): Uint8Array[] {
  const own = messages.map(({ type, flags, payload }) => datagram({ type, flags, payload, sequence }));
  return [...own, datagram(done(sequence))];
}

export const ENOENT = 2;
export const EEXIST = 17;
export const ENODEV = 19;
export const EOPNOTSUPP = 95;
