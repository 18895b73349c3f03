/**
 * rtnetlink as far as the move of the host's addresses uses it: addresses and routes of two links, and which
 * of them is a port of the other. A kernel for `wireTo`, which can be stopped after any message.
 */
import assert from 'node:assert/strict';
import { type NetlinkMessage, readAttrs, u32At } from '../../../src/net/netlink/reader.ts';
import { AF_INET, type LinkAddress, parseAddress } from '../../../src/net/rtnl/address.ts';
import { parseRoute, type Route } from '../../../src/net/rtnl/route.ts';
import { type HostConfig, sameAddress, sameRoute } from '../../../src/vnet/host-config.ts';
import { answer, datagram, type Kernel, NLM_F_ACK, replay } from '../net/netlink/kernel.ts';

const [RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR] = [
  16, 17, 18, 20, 21, 22,
];
const [RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE] = [24, 25, 26];
const IFLA_MASTER = 10;
const ESRCH = 3;
const EADDRNOTAVAIL = 99;

interface Kept<T> {
  readonly message: NetlinkMessage;
  readonly value: T;
}

export class FakeRoute {
  #addresses: Kept<LinkAddress>[] = [];
  #routes: Kept<Route>[] = [];
  /** Index of the link that this one is a port of, by its index. */
  readonly masters = new Map<number, number>();
  /** Names of deleted links. */
  deletedLinks = 0;
  /** The process ends before this message of a batch (from 0). */
  stopBefore: number | undefined;
  /** An errno for the message of this index in a batch. */
  refuse: { readonly index: number; readonly errno: number } | undefined;

  constructor(addresses: readonly NetlinkMessage[], routes: readonly NetlinkMessage[]) {
    for (const message of addresses) this.#addresses.push(kept(message, parseAddress));
    for (const message of routes) this.#routes.push(kept(message, parseRoute));
  }

  readonly kernel: Kernel = (request) => {
    const [first] = request;
    assert.ok(first !== undefined);
    if (first.type === RTM_GETADDR) return this.#dump(this.#addresses, first);
    if (first.type === RTM_GETROUTE) return this.#dump(this.#routes, first);
    const answers = [];
    for (const [index, message] of request.entries()) {
      if (index === this.stopBefore) throw new Stopped();
      const errno = this.refuse?.index === index ? this.refuse.errno : this.#apply(message);
      if (errno !== 0 || (message.flags & NLM_F_ACK) !== 0) answers.push(answer(message.sequence, errno));
    }
    return [datagram(...answers)];
  };

  /** What a link has. */
  configOf(linkIndex: number): HostConfig {
    const of = <T extends { readonly linkIndex?: number }>(list: readonly Kept<T>[]) =>
      list.map(({ value }) => value).filter((value) => value.linkIndex === linkIndex);
    return { addresses: of(this.#addresses), routes: of(this.#routes) };
  }

  #dump(list: readonly Kept<{ readonly family: number }>[], request: NetlinkMessage): Uint8Array[] {
    const wanted = list.filter(({ value }) => value.family === request.payload[0]);
    return replay(
      wanted.map(({ message }) => message),
      request.sequence,
    );
  }

  /** Carries a message out; 0 or the errno of its refusal. */
  #apply(message: NetlinkMessage): number {
    switch (message.type) {
      case RTM_NEWLINK: {
        const master = u32At(readAttrs(message.payload, 16).get(IFLA_MASTER));
        if (master !== undefined) this.masters.set(u32At(message.payload, 4) ?? 0, master);
        return 0;
      }
      // Nobody reads the answer.
      case RTM_GETLINK:
        return 0;
      case RTM_DELLINK:
        this.deletedLinks++;
        return 0;
      case RTM_NEWADDR: {
        const added = kept(message, parseAddress);
        this.#addresses = [...this.#addresses.filter(({ value }) => !isSame(value, added.value)), added];
        return 0;
      }
      case RTM_DELADDR:
        return this.#deleteAddress(kept(message, parseAddress).value);
      case RTM_NEWROUTE: {
        const added = kept(message, parseRoute);
        this.#routes = [...this.#routes.filter(({ value }) => !sameRoute(value, added.value)), added];
        return 0;
      }
      case RTM_DELROUTE: {
        const { value: gone } = kept(message, parseRoute);
        const rest = this.#routes.filter(
          ({ value }) => !(sameRoute(value, gone) && value.linkIndex === gone.linkIndex),
        );
        const found = rest.length < this.#routes.length;
        this.#routes = rest;
        return found ? 0 : ESRCH;
      }
      default:
        return assert.fail(`message of type ${message.type}`);
    }
  }

  /** With the last IPv4 address of a link its IPv4 routes go too. */
  #deleteAddress(gone: LinkAddress): number {
    const rest = this.#addresses.filter(({ value }) => !isSame(value, gone));
    if (rest.length === this.#addresses.length) return EADDRNOTAVAIL;
    this.#addresses = rest;
    const hasMore = rest.some(({ value }) => value.linkIndex === gone.linkIndex && value.family === AF_INET);
    if (gone.family === AF_INET && !hasMore) {
      const isLost = ({ value }: Kept<Route>) =>
        value.family === AF_INET && value.linkIndex === gone.linkIndex;
      this.#routes = this.#routes.filter((route) => !isLost(route));
    }
    return 0;
  }
}

/** The process that was talking to the kernel has been killed. */
export class Stopped extends Error {}

function isSame(a: LinkAddress, b: LinkAddress): boolean {
  return a.linkIndex === b.linkIndex && sameAddress(a, b);
}

function kept<T>(message: NetlinkMessage, parse: (message: NetlinkMessage) => T | undefined): Kept<T> {
  const copy = { ...message, payload: message.payload.slice() };
  return { message: copy, value: parse(copy) ?? assert.fail('a message that cannot be read') };
}
