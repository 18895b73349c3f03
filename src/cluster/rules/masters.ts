/** The static addresses: of the masters, and of the internal load balancer in front of several. */
import { type Cidr, cidrContains, formatCidr } from '../../net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4 } from '../../net/ipv4.ts';
import { derivedFirstStaticIp, FIRST_OFFSET, LOAD_BALANCER_OFFSET, reservedAddresses } from '../addresses.ts';
import type { Spot } from '../read/report.ts';
import type { Facts, Group } from './facts.ts';

export function checkMasters(facts: Facts): void {
  const { draft, report, customVnet, groups } = facts;
  const { firstStaticIp: field, spot: profile } = draft.master;
  const [masters] = groups;
  if (masters?.availability === 'VirtualMachineScaleSets') {
    if (field.state === 'given') {
      report.error(
        'static-ip-in-scale-set',
        field.spot,
        'firstConsecutiveStaticIP is given and the masters are in a scale set, where Azure chooses addresses; leave it out',
      );
    }
    return;
  }
  if (field.state === 'absent' && customVnet) {
    const why = 'it is mandatory with vnetSubnetID; write an address of the subnet, near its end';
    report.missing(profile, 'firstConsecutiveStaticIP', field.spot, why);
  }
  const subnet = masters?.subnet?.cidr;
  if (subnet === undefined || masters?.count === undefined || field.state === 'invalid') return;
  if (field.state === 'absent' && customVnet) return;
  const first = field.state === 'given' ? field.value : derivedFirstStaticIp(subnet);
  const statics = staticAddresses(first, masters.count);
  const allowed = checkPlaces(facts, statics, subnet, field.spot);
  if (allowed) checkDynamicReach(facts, first, subnet, field.spot);
}

interface StaticAddress {
  readonly what: string;
  /** Undefined beyond the last octet: acs-engine adds to that alone, and makes 10.0.3.260. */
  readonly address: Ipv4 | undefined;
  readonly shown: string;
}

function staticAddresses(first: Ipv4, count: number): StaticAddress[] {
  const at = (what: string, offset: number): StaticAddress => {
    const octet = (first & 255) + offset;
    const address = octet > 255 ? undefined : offsetIpv4(first, offset);
    return { what, address, shown: `${formatIpv4(first).replace(/\d+$/, '')}${octet}` };
  };
  const masters = Array.from({ length: count }, (_, index) => at(`master ${index + 1}`, index));
  return count === 1 ? masters : [...masters, at('the internal load balancer', LOAD_BALANCER_OFFSET)];
}

/** Inside the subnet, none of Azure's own, no octet beyond 255. The first trouble is enough. */
function checkPlaces(
  { draft, report }: Facts,
  statics: readonly StaticAddress[],
  subnet: Cidr,
  spot: Spot,
): boolean {
  const { clusterSubnet } = draft.network;
  const other =
    clusterSubnet.state === 'given'
      ? { label: 'clusterSubnet is here', spot: clusterSubnet.spot }
      : undefined;
  const reserved = reservedAddresses(subnet);
  for (const [index, { what, address, shown }] of statics.entries()) {
    // The first one is what the field says; of the others the reader has to be told where they come from.
    const which =
      index === 0
        ? `firstConsecutiveStaticIP ${shown}`
        : `with firstConsecutiveStaticIP ${statics[0]?.shown}, ${what} gets ${shown}, which`;
    if (address === undefined) {
      report.error(
        'static-ip-carry',
        spot,
        `${which} is no address: only the last number is counted up; choose one that ends in ${255 - LOAD_BALANCER_OFFSET} or less`,
      );
      return false;
    }
    if (!cidrContains(subnet, address)) {
      report.error(
        'static-ip-outside-subnet',
        spot,
        `${which} is not inside the subnet ${formatCidr(subnet)}`,
        other,
      );
      return false;
    }
    if (reserved.includes(address)) {
      const advice = `Azure keeps the first four and the last address of ${formatCidr(subnet)} for itself`;
      report.error('static-ip-reserved', spot, `${which} is reserved: ${advice}`, other);
      return false;
    }
  }
  return true;
}

/** Azure gives dynamic addresses from the first one upwards, and may be faster than the masters. */
function checkDynamicReach({ report, groups }: Facts, first: Ipv4, subnet: Cidr, spot: Spot): void {
  const inside = groups.filter((group) => group.subnet?.cidr === subnet);
  const needed = inside.reduce((sum, group) => sum + addressesOf(group), 0);
  const surge = Math.max(...inside.map(({ ipAddressCount = 0 }) => ipAddressCount));
  const masters = groups[0]?.count ?? 0;
  const reach = subnet.base + FIRST_OFFSET + needed - masters + surge;
  if (first >= reach) return;
  const end = formatIpv4(Math.min(reach - 1, 0xffffffff) as Ipv4);
  const message =
    `firstConsecutiveStaticIP ${formatIpv4(first)} is where acs-engine's dynamic addresses will reach: from ` +
    `${formatIpv4((subnet.base + FIRST_OFFSET) as Ipv4)} up to ${end}, upgrades included; choose one nearer to the end of ${formatCidr(subnet)}`;
  report.warning('static-ip-in-dynamic-reach', spot, message);
}

function addressesOf({ count = 0, ipAddressCount = 0 }: Group): number {
  return count * ipAddressCount;
}
