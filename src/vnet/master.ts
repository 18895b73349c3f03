/**
 * The master interface: the NIC of the virtual machine through which the pods of a subnet are
 * reached. Never a bridge, a pod's veth or anything else that containers made.
 */
import { type Cidr, cidrEquals, formatCidr, formatIpv4Net, type Ipv4Net, networkOf } from '../net/cidr.ts';
import type { Link } from '../net/rtnl/link.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { HOST_VETH_PREFIX } from './names.ts';

export interface HostLinks {
  readonly links: readonly Link[];
  /** IPv4 addresses by link index. */
  readonly addresses: ReadonlyMap<number, readonly Ipv4Net[]>;
}

/**
 * Finds the NIC: the one that is named, else the one whose address lies in the subnet; a NIC that is
 * already the uplink of a bridge counts with the addresses of the bridge.
 * Fails with NO_MASTER, naming what was looked for and every candidate.
 */
export function findMaster(host: HostLinks, subnet: Cidr, named: string | undefined): Result<Link, Failure> {
  if (named !== undefined) {
    const link = host.links.find((candidate) => candidate.name === named);
    if (link === undefined)
      return err(noMaster(host, `the configuration names master "${named}", which does not exist`));
    const obstacle = obstacleOf(host, link);
    return obstacle === undefined
      ? ok(link)
      : err(noMaster(host, `master "${named}" is ${obstacle}, not a NIC`));
  }
  const matching = host.links.filter((link) => mayBeMaster(host, link) && hasSubnet(host, link, subnet));
  // Hardware first: where a virtual machine is a namespace, its NIC is a veth end.
  const master = matching.find((link) => link.kind === undefined) ?? matching[0];
  return master === undefined
    ? err(noMaster(host, `no NIC has an address of the subnet ${formatCidr(subnet)}`))
    : ok(master);
}

function isPodVeth(link: Link): boolean {
  return link.kind === 'veth' && link.name.startsWith(HOST_VETH_PREFIX);
}

const VIRTUAL_KINDS: readonly string[] = [
  'bridge',
  'tun',
  'vxlan',
  'geneve',
  'dummy',
  'ifb',
  'ipip',
  'sit',
  'wireguard',
  'openvswitch',
];

function mayBeMaster(host: HostLinks, link: Link): boolean {
  return obstacleOf(host, link) === undefined;
}

/** What the link is that no master can be, with its article; undefined for a NIC. */
function obstacleOf(host: HostLinks, link: Link): string | undefined {
  if (link.loopback) return 'the loopback';
  if (isPodVeth(link)) return 'the host end of a pod';
  if (link.kind !== undefined && VIRTUAL_KINDS.includes(link.kind)) return `a ${link.kind}`;
  if (link.mac === undefined) return 'without an Ethernet address';
  const upper = host.links.find((candidate) => candidate.index === link.masterIndex);
  // The port of a bond, or the VF behind a synthetic NIC, is reached through its master.
  return upper === undefined || upper.kind === 'bridge' ? undefined : `a port of ${upper.name}`;
}

/** A NIC in a bridge has no address of its own: those of the bridge are its. */
function addressesOf(host: HostLinks, link: Link): readonly Ipv4Net[] {
  const own = host.addresses.get(link.index) ?? [];
  const inherited = link.masterIndex === undefined ? [] : (host.addresses.get(link.masterIndex) ?? []);
  return [...own, ...inherited];
}

function hasSubnet(host: HostLinks, link: Link, subnet: Cidr): boolean {
  return addressesOf(host, link).some((net) => cidrEquals(networkOf(net), subnet));
}

function noMaster(host: HostLinks, why: string): Failure {
  const candidates = host.links
    .filter((link) => mayBeMaster(host, link))
    .map(
      (link) =>
        `${link.name} (${addressesOf(host, link).map(formatIpv4Net).join(', ') || 'no IPv4 address'})`,
    );
  const list = candidates.length === 0 ? 'there is no NIC' : `candidates: ${candidates.join(', ')}`;
  return failure(
    'NO_MASTER',
    `Failed to find the master interface: ${why}; ${list}; set "master" or give a NIC an address of the subnet`,
  );
}
