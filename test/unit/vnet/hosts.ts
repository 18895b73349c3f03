/** Hosts as netlink shows them, written short: for tests of decisions. */
import assert from 'node:assert/strict';
import { type Cidr, type Ipv4Net, parseCidr, parseIpv4Net } from '../../../src/net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { type MacAddress, parseMac } from '../../../src/net/mac.ts';
import type { Link } from '../../../src/net/rtnl/link.ts';
import type { HostLinks } from '../../../src/vnet/master.ts';

export interface LinkText {
  readonly name: string;
  readonly kind?: string;
  /** Name of the link that this one is a port of. */
  readonly master?: string;
  readonly addresses?: readonly string[];
  /** Null for a link without an Ethernet address. */
  readonly mac?: string | null;
  readonly loopback?: boolean;
}

/** Links with the indexes 1, 2, 3, …; MACs follow from the index unless they are given. */
export function host(...links: readonly LinkText[]): HostLinks {
  const indexOf = (name: string) => links.findIndex((link) => link.name === name) + 1;
  const addresses = new Map<number, Ipv4Net[]>();
  const built = links.map(({ name, kind, master, mac: macText, loopback = false, ...rest }, i): Link => {
    if (rest.addresses !== undefined) addresses.set(i + 1, rest.addresses.map(net));
    const address = macText === null ? undefined : mac(macText ?? `00:0d:3a:00:00:0${i + 1}`);
    return {
      index: i + 1,
      name,
      mtu: 1500,
      up: true,
      running: true,
      loopback,
      ...(address !== undefined && { mac: address }),
      ...(kind !== undefined && { kind }),
      ...(master !== undefined && { masterIndex: indexOf(master) }),
    };
  });
  return { links: built, addresses };
}

export function ip(text: string): Ipv4 {
  return parseIpv4(text) ?? assert.fail(text);
}

export function net(text: string): Ipv4Net {
  return parseIpv4Net(text) ?? assert.fail(text);
}

export function cidr(text: string): Cidr {
  return parseCidr(text) ?? assert.fail(text);
}

export function mac(text: string): MacAddress {
  return parseMac(text) ?? assert.fail(text);
}
