/**
 * rtnetlink with network namespaces, as far as the plugins use it: links with bridges and veth pairs, the
 * addresses on them, acknowledgements for the rest. Names are refused as the kernel refuses them.
 */
import { type NetlinkMessage, readAttrs, stringOf, u32At } from '../../../src/net/netlink/reader.ts';
import { MessageWriter } from '../../../src/net/netlink/writer.ts';
import {
  answer,
  datagram,
  done,
  type Message,
  NLM_F_ACK,
  NLM_F_MULTI,
} from '../../unit/net/netlink/kernel.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE = 0x400;
const IFLA_PROTINFO = 12;
const IFLA_OPERSTATE = 16;
const IF_OPER_LOWERLAYERDOWN = 3;
const IF_OPER_UP = 6;
const IFLA_BRPORT_STATE = 1;
const IFLA_BRPORT_MODE = 4;
const BR_STATE_DISABLED = 0;
const BR_STATE_FORWARDING = 3;
const EEXIST = 17;
const ENODEV = 19;
const EOPNOTSUPP = 95;
const EINVAL = 22;
const ERANGE = 34;

interface FakeLink {
  readonly index: number;
  readonly name: string;
  readonly namespace: string;
  readonly kind?: string;
  readonly peerIndex?: number;
  mac: Uint8Array;
  up: boolean;
  masterIndex?: number;
  hairpin: boolean;
  /** As a port: taken out of the bridge's forwarding. */
  disabled: boolean;
  /** Payloads of RTM_NEWADDR by the local address. */
  readonly addresses: Map<string, Uint8Array>;
  /** Payloads of RTM_NEWROUTE by the destination. */
  readonly routes: Map<string, Uint8Array>;
}

export const HOST = '/proc/self/ns/net';

export class FakeKernel {
  readonly #links: FakeLink[] = [];
  #nextIndex = 2;
  /** The kernel refuses a message: the one after so many others. */
  refusal: { after: number; readonly errno: number } | undefined;

  constructor() {
    const nic = this.#add({ name: 'nic0', namespace: HOST, mac: Uint8Array.of(0, 0x0d, 0x3a, 10, 11, 12) });
    nic.up = true;
    const address = Uint8Array.of(
      2,
      16,
      0x80,
      0,
      nic.index,
      0,
      0,
      0,
      8,
      0,
      1,
      0,
      10,
      240,
      0,
      4,
      8,
      0,
      2,
      0,
      10,
      240,
      0,
      4,
    );
    nic.addresses.set('10,240,0,4', address);
  }

  /** Host ends of pods. */
  get hostVeths(): string[] {
    return this.#links.filter(({ name }) => name.startsWith('azv')).map(({ name }) => name);
  }

  /** As the detached child of a DEL, or a person, does it. */
  deleteLink(name: string): number {
    return this.#delete(this.#find(HOST, name, 0));
  }

  #delete(link: FakeLink | undefined): number {
    if (link === undefined) return ENODEV;
    for (const index of [link.index, link.peerIndex]) {
      const at = this.#links.findIndex((other) => other.index === index);
      if (at >= 0) this.#links.splice(at, 1);
    }
    return 0;
  }

  /** Answers what was sent on a socket of `namespace`; `pathOf` tells which file a descriptor is. */
  answer(
    request: readonly NetlinkMessage[],
    namespace: string,
    pathOf: (fd: number) => string | undefined,
  ): Uint8Array[] {
    return request.flatMap((message) => {
      const refusal = this.#refusalDue();
      if (refusal !== undefined) return [datagram(answer(message.sequence, refusal))];
      if ((message.flags & NLM_F_DUMP) === NLM_F_DUMP) return [this.#dump(message, namespace)];
      const found = message.type === RTM_GETLINK ? this.#get(message, namespace) : undefined;
      const errno =
        message.type === RTM_GETLINK && found === undefined
          ? ENODEV
          : this.#change(message, namespace, pathOf);
      const parts = found === undefined ? [] : [this.#message(found, message.sequence)];
      const wanted = errno !== 0 || (message.flags & NLM_F_ACK) !== 0;
      if (wanted) parts.push(answer(message.sequence, errno));
      return parts.length === 0 ? [] : [datagram(...parts)];
    });
  }

  #refusalDue(): number | undefined {
    const { refusal } = this;
    if (refusal === undefined || refusal.after-- > 0) return undefined;
    this.refusal = undefined;
    return refusal.errno;
  }

  #dump({ type, sequence }: NetlinkMessage, namespace: string): Uint8Array {
    const links = this.#links.filter((link) => link.namespace === namespace);
    const parts: Message[] = [];
    if (type === RTM_GETLINK) parts.push(...links.map((link) => this.#message(link, sequence)));
    if (type === RTM_GETADDR) {
      for (const payload of links.flatMap((link) => [...link.addresses.values()])) {
        parts.push({ type: RTM_NEWADDR, flags: NLM_F_MULTI, sequence, payload });
      }
    }
    if (type === RTM_GETROUTE) {
      for (const payload of links.flatMap((link) => [...link.routes.values()])) {
        parts.push({ type: RTM_NEWROUTE, flags: NLM_F_MULTI, sequence, payload });
      }
    }
    return datagram(...parts, done(sequence));
  }

  #get({ payload }: NetlinkMessage, namespace: string): FakeLink | undefined {
    return this.#find(namespace, stringOf(readAttrs(payload, 16).get(3)) ?? '', u32At(payload, 4) ?? 0);
  }

  /** 0 or an errno value. */
  #change(
    { type, flags, payload }: NetlinkMessage,
    namespace: string,
    pathOf: (fd: number) => string | undefined,
  ): number {
    if (type === RTM_NEWADDR || type === RTM_DELADDR) return this.#changeAddress(type, payload);
    if (type === RTM_NEWROUTE || type === RTM_DELROUTE) return this.#changeRoute(type, payload);
    if (type === RTM_SETLINK) return this.#setPortState(payload);
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return 0;
    const attrs = readAttrs(payload, 16);
    const name = stringOf(attrs.get(3)) ?? '';
    if (type === RTM_DELLINK) return this.#delete(this.#find(namespace, name, u32At(payload, 4) ?? 0));
    if ((flags & NLM_F_CREATE) !== 0) return this.#create(name, payload, namespace, pathOf);
    const link = this.#find(namespace, name, u32At(payload, 4) ?? 0);
    if (link === undefined) return ENODEV;
    const master = u32At(attrs.get(10));
    if (master !== undefined) link.masterIndex = master;
    link.mac = attrs.get(1)?.slice() ?? link.mac;
    if (((u32At(payload, 12) ?? 0) & 1) !== 0) link.up = ((u32At(payload, 8) ?? 0) & 1) !== 0;
    const port = readAttrs(readAttrs(attrs.get(18) ?? NOTHING, 0).get(5) ?? NOTHING, 0);
    const hairpin = port.get(IFLA_BRPORT_MODE)?.[0];
    if (hairpin !== undefined) link.hairpin = hairpin === 1;
    // After any change of its settings the kernel lets a port with a carrier forward.
    if (port.size > 0) link.disabled = false;
    return 0;
  }

  /** The message of the bridge family. */
  #setPortState(payload: Uint8Array): number {
    const link = this.#links.find(({ index }) => index === u32At(payload, 4));
    if (link === undefined) return ENODEV;
    if (link.masterIndex === undefined) return EOPNOTSUPP;
    const port = readAttrs(readAttrs(payload, 16).get(IFLA_PROTINFO) ?? NOTHING, 0);
    link.disabled = port.get(IFLA_BRPORT_STATE)?.[0] === BR_STATE_DISABLED;
    return 0;
  }

  #create(
    name: string,
    payload: Uint8Array,
    namespace: string,
    pathOf: (fd: number) => string | undefined,
  ): number {
    const attrs = readAttrs(payload, 16);
    const info = readAttrs(attrs.get(18) ?? NOTHING, 0);
    const kind = stringOf(info.get(1)) ?? '';
    const peer = kind === 'veth' ? readAttrs(info.get(2) ?? NOTHING, 0).get(1) : undefined;
    const inside = readAttrs(peer ?? NOTHING, 16);
    const [peerName, peerPath] = [stringOf(inside.get(3)) ?? '', pathOf(u32At(inside.get(28)) ?? -1)];
    for (const [wanted, where] of peer
      ? [
          [name, namespace],
          [peerName, peerPath],
        ]
      : [[name, namespace]]) {
      const errno = nameError(wanted ?? '');
      if (errno !== 0 || where === undefined) return errno || EINVAL;
      if (this.#find(where, wanted ?? '', 0) !== undefined) return EEXIST;
    }
    const link = this.#add(
      { name, namespace, kind, mac: attrs.get(1)?.slice() ?? new Uint8Array(6) },
      peer ? 1 : 0,
    );
    link.up = true;
    const master = u32At(attrs.get(10));
    if (master !== undefined) link.masterIndex = master;
    if (peer && peerPath !== undefined) {
      const mac = inside.get(1)?.slice() ?? new Uint8Array(6);
      this.#add({ name: peerName, namespace: peerPath, kind, mac }, -1);
    }
    return 0;
  }

  #changeAddress(type: number, payload: Uint8Array): number {
    const link = this.#links.find(({ index }) => index === u32At(payload, 4));
    if (link === undefined) return ENODEV;
    const local = String(readAttrs(payload, 8).get(2));
    if (type === RTM_NEWADDR) link.addresses.set(local, payload.slice());
    else link.addresses.delete(local);
    return 0;
  }

  #changeRoute(type: number, payload: Uint8Array): number {
    const attrs = readAttrs(payload, 12);
    const link = this.#links.find(({ index }) => index === u32At(attrs.get(4)));
    if (link === undefined) return ENODEV;
    const key = `${payload[1]} ${attrs.get(1)}`;
    if (type === RTM_NEWROUTE) link.routes.set(key, payload.slice());
    else link.routes.delete(key);
    return 0;
  }

  #add(link: Pick<FakeLink, 'name' | 'namespace' | 'kind' | 'mac'>, peerOffset = 0): FakeLink {
    const index = this.#nextIndex++;
    const added: FakeLink = {
      ...link,
      index,
      ...(peerOffset === 0 ? {} : { peerIndex: index + peerOffset }),
      up: false,
      hairpin: false,
      disabled: false,
      addresses: new Map(),
      routes: new Map(),
    };
    this.#links.push(added);
    return added;
  }

  /** A pair has a carrier when both its ends are up. */
  #runs(link: FakeLink): boolean {
    const peer = this.#links.find(({ index }) => index === link.peerIndex);
    return link.up && (link.peerIndex === undefined || peer?.up === true);
  }

  #message(link: FakeLink, sequence: number): Message {
    const { kind, masterIndex } = link;
    const writer = new MessageWriter().begin(RTM_NEWLINK, 0);
    writer
      .u32(1 << 16)
      .u32(link.index)
      .u32(link.up ? 1 : 0)
      .u32(0);
    writer.attrString(3, link.name).attr(1, link.mac).attrU32(4, 1500);
    if (masterIndex !== undefined) writer.attrU32(10, masterIndex);
    writer.attrU8(IFLA_OPERSTATE, this.#runs(link) ? IF_OPER_UP : IF_OPER_LOWERLAYERDOWN);
    if (kind !== undefined || masterIndex !== undefined) {
      writer.nest(18, () => {
        if (kind !== undefined) writer.attrString(1, kind);
        if (masterIndex === undefined) return;
        const state = this.#runs(link) && !link.disabled ? BR_STATE_FORWARDING : BR_STATE_DISABLED;
        writer.attrString(4, 'bridge').nest(5, () => {
          writer.attrU8(IFLA_BRPORT_STATE, state).attrU8(IFLA_BRPORT_MODE, link.hairpin ? 1 : 0);
        });
      });
    }
    const bytes = writer.end().finish(0, -1);
    return { type: RTM_NEWLINK, flags: NLM_F_MULTI, sequence, payload: bytes.slice(16) };
  }

  #find(namespace: string, name: string, index: number): FakeLink | undefined {
    return this.#links.find(
      (link) => link.namespace === namespace && (index > 0 ? link.index === index : link.name === name),
    );
  }
}

/** dev_valid_name() of net/core/dev.c. */
function nameError(name: string): number {
  if (name.length > 15) return ERANGE;
  return name === '' || name === '.' || name === '..' || /[/:\s]/.test(name) ? EINVAL : 0;
}

const NOTHING = new Uint8Array();
