/**
 * The adapters of the VM. When HNS has made its switch, the address of the NIC is on `vEthernet (Ethernet)`, and
 * `Ethernet` has none: for pools and for `master` both are one NIC, by the name that it had at first.
 */
import type { LocalLink, LocalView, OpenLocal } from '../ipam/nics.ts';
import { type Cidr, cidrEquals, formatCidr, networkOf } from '../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { parseMac } from '../net/mac.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { Adapter, WindowsSys } from '../sys/windows.ts';

/** `Ethernet` for `vEthernet (Ethernet)`; other names as they are. */
export function nicName(adapterName: string): string {
  return /^vEthernet \((.+)\)$/.exec(adapterName)?.[1] ?? adapterName;
}

/** True for an adapter of a virtual switch: HNS refuses to make another switch on it. */
export function isOfSwitch(adapterName: string): boolean {
  return adapterName.startsWith('vEthernet');
}

/** What IPAM asks of the machine. */
export const openAdapters: OpenLocal = (sys) => new AdapterView((sys as WindowsSys).adapters());

class AdapterView implements LocalView {
  readonly #adapters: readonly Adapter[];

  constructor(adapters: readonly Adapter[]) {
    this.#adapters = adapters;
  }

  links(): readonly LocalLink[] {
    return this.#adapters.map((adapter) => linkOf(adapter, this.#adapters));
  }

  link(index: number): LocalLink | undefined {
    return this.links().find((link) => link.index === index);
  }

  addresses(): ReadonlySet<Ipv4> {
    const texts = this.#adapters.flatMap(({ ipv4 }) => ipv4.map(({ address }) => address));
    return new Set(texts.map(parseIpv4).filter((address) => address !== undefined));
  }

  close(): void {
    // Nothing is open: the list was read at once.
  }
}

/**
 * Of adapters with one MAC address one is the NIC, and the others are its ports: the NIC under the adapter of its switch,
 * and the virtual function of accelerated networking beside the synthetic one, which has the address.
 */
function linkOf(adapter: Adapter, all: readonly Adapter[]): LocalLink {
  const { index, name, mac, loopback } = adapter;
  const address = parseMac(mac);
  const upper = all.find((other) => sameMac(other.mac, mac) && rank(other) > rank(adapter));
  return {
    index,
    name: nicName(name),
    loopback,
    ...(address === undefined ? {} : { mac: address }),
    ...(upper === undefined ? {} : { masterIndex: upper.index }),
  };
}

function rank({ name, ipv4 }: Adapter): number {
  return (ipv4.length > 0 ? 2 : 0) + (isOfSwitch(name) ? 1 : 0);
}

function sameMac(a: string, b: string): boolean {
  const mac = parseMac(a);
  return mac !== undefined && mac === parseMac(b);
}

/**
 * Finds the adapter of the subnet: the one that is named, else the one with an address of exactly this network, one
 * with a gateway before others. Fails with NO_MASTER, naming what was looked for and every candidate.
 */
export function findAdapter(
  adapters: readonly Adapter[],
  subnet: Cidr,
  named: string | undefined,
): Result<Adapter, Failure> {
  const candidates = adapters.filter(({ loopback }) => !loopback);
  if (named !== undefined) {
    const adapter =
      candidates.find(({ name }) => name === named) ?? candidates.find(({ name }) => nicName(name) === named);
    return adapter === undefined
      ? err(noMaster(candidates, `the configuration names master "${named}", which does not exist`))
      : ok(adapter);
  }
  const matching = candidates.filter((adapter) => hasSubnet(adapter, subnet));
  const found = matching.find(({ gateways }) => gateways.length > 0) ?? matching[0];
  return found === undefined
    ? err(noMaster(candidates, `no adapter has an address of the subnet ${formatCidr(subnet)}`))
    : ok(found);
}

function hasSubnet({ ipv4 }: Adapter, subnet: Cidr): boolean {
  return ipv4.some(({ address: text, prefixBits }) => {
    const address = parseIpv4(text);
    return address !== undefined && cidrEquals(networkOf({ address, prefixBits }), subnet);
  });
}

function noMaster(candidates: readonly Adapter[], why: string): Failure {
  const list = candidates.map(({ name, ipv4 }) => {
    const addresses = ipv4.map(({ address, prefixBits }) => `${address}/${prefixBits}`).join(', ');
    return `${name} (${addresses || 'no IPv4 address'})`;
  });
  const there = list.length === 0 ? 'there is no adapter' : `candidates: ${list.join(', ')}`;
  const advice = 'set "master" or give an adapter an address of the subnet';
  return failure('NO_MASTER', `Failed to find the master interface: ${why}; ${there}; ${advice}`);
}
