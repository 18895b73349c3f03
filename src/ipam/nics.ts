/** Which local NIC an interface of the address source is. */
import type { Ipv4 } from '../net/ipv4.ts';
import type { MacAddress } from '../net/mac.ts';
import type { Link } from '../net/rtnl/link.ts';
import type { Sys } from '../sys/sys.ts';

export interface Nic {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress;
}

/** What a pool needs to know of a link. */
export type LocalLink = Pick<Link, 'index' | 'name' | 'mac' | 'loopback' | 'kind' | 'masterIndex'>;

/** What is asked of the system; LocalNetwork, the adapters of Windows, or a list in a test. */
export interface LocalLinks {
  links(): readonly LocalLink[];
  link(index: number): LocalLink | undefined;
}

/** The links and addresses of this machine while they are looked at. */
export interface LocalView extends LocalLinks {
  addresses(): ReadonlySet<Ipv4>;
  close(): void;
}

/** Opens the view: the only way in which this layer learns of interfaces. */
export type OpenLocal = (sys: Sys) => LocalView;

/**
 * The NIC with this MAC address: never a bridge (ours has the MAC of its NIC), nor the port of another
 * match (the VF behind a synthetic NIC has the same MAC). `*` is any NIC, hardware first. Several: the
 * lowest index.
 */
export function findNic(mac: MacAddress | '*', links: readonly LocalLink[]): Nic | undefined {
  const matching = links.flatMap((link) => (isNic(link) && (mac === '*' || link.mac === mac) ? [link] : []));
  const upper = new Set(matching.map((link) => link.index));
  const own = matching.filter((link) => link.masterIndex === undefined || !upper.has(link.masterIndex));
  const hardware = own.filter((link) => link.kind === undefined);
  const candidates = mac === '*' && hardware.length > 0 ? hardware : own;
  const [first] = [...candidates].sort((a, b) => a.index - b.index);
  return first && { index: first.index, name: first.name, mac: first.mac };
}

/** True when the link of this index still is the NIC that it was. */
export function isStill(nic: Nic, local: LocalLinks): boolean {
  const link = local.link(nic.index);
  return link !== undefined && link.mac === nic.mac && link.name === nic.name;
}

function isNic(link: LocalLink): link is LocalLink & { readonly mac: MacAddress } {
  return link.mac !== undefined && !link.loopback && !VIRTUAL_KINDS.includes(link.kind ?? '');
}

/** Kinds that no NIC has; a veth end may be one where the virtual machine is a namespace. */
const VIRTUAL_KINDS: readonly string[] = [
  'bridge',
  'dummy',
  'ifb',
  'tun',
  'vxlan',
  'geneve',
  'vlan',
  'macvlan',
];
