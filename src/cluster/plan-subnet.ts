/** What becomes of one subnet: used, free, and how it can grow. */
import { cidrSize } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { FIRST_OFFSET, lastAddress, reservedAddresses, shifted } from './addresses.ts';
import type { ClusterLayout, Subnet } from './definition.ts';
import type { AddressRange, Headroom, PlannedFrontend, PlannedNode, SubnetPlan } from './plan.ts';

export function planSubnet(
  layout: ClusterLayout,
  subnet: Subnet,
  nodes: readonly PlannedNode[],
  frontend: PlannedFrontend | undefined,
): SubnetPlan {
  const taken = nodes
    .filter(({ nic }) => nic.subnet === subnet)
    .flatMap(({ nic }) => nic.ipConfigs.map(({ address }) => address));
  if (frontend?.subnet === subnet) taken.push(frontend.address);
  const free = gaps(
    subnet,
    taken.sort((a, b) => a - b),
  );
  const freeCount = free.reduce((sum, { first, last }) => sum + (last - first + 1), 0);
  return {
    subnet,
    size: cidrSize(subnet.cidr),
    reserved: reservedAddresses(subnet.cidr),
    used: taken.length,
    free,
    freeCount,
    headroom: headroomOf(layout, subnet, freeCount),
  };
}

/** Between the addresses that are taken, which are in ascending order. */
function gaps({ cidr }: Subnet, taken: readonly Ipv4[]): AddressRange[] {
  const free: AddressRange[] = [];
  let next = shifted(cidr.base, FIRST_OFFSET);
  for (const address of [...taken, lastAddress(cidr)]) {
    if (address > next) free.push({ first: next, last: shifted(address, -1) });
    if (address < 0xffffffff) next = shifted(address, 1);
  }
  return free;
}

/** (nodes + 1) + (nodes + 1) × maxPods: an upgrade has one node too many for a while. */
function headroomOf({ master, pools }: ClusterLayout, subnet: Subnet, freeCount: number): Headroom {
  const inside = [master, ...pools].filter((profile) => profile.subnet === subnet);
  const surgeAddresses = Math.max(...inside.map(({ ipAddressCount }) => ipAddressCount));
  const left = Math.max(0, freeCount - surgeAddresses);
  const agents = pools.filter((pool) => pool.subnet === subnet);
  return {
    surgeAddresses,
    surgeFits: freeCount >= surgeAddresses,
    moreNodes: new Map(agents.map(({ name, ipAddressCount }) => [name, Math.floor(left / ipAddressCount)])),
  };
}

/** Addresses in ascending order as ranges. */
export function rangesOf(addresses: readonly Ipv4[]): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (const address of addresses) {
    const last = ranges.at(-1);
    if (last !== undefined && address === last.last + 1)
      ranges[ranges.length - 1] = { first: last.first, last: address };
    else ranges.push({ first: address, last: address });
  }
  return ranges;
}
