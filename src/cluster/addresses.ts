/** Addresses of an Azure subnet. */
import { type Cidr, cidrSize } from '../net/cidr.ts';
import { type Ipv4, offsetIpv4 } from '../net/ipv4.ts';

/** The first address that Azure gives out: the ones before are network, gateway and twice DNS. */
export const FIRST_OFFSET = 4;
/** With the broadcast address, https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq */
export const RESERVED_COUNT = 5;

/** How much further than the first master the internal load balancer is. */
export const LOAD_BALANCER_OFFSET = 10;
/** Where the masters begin in the last 256 addresses when nobody says where. */
const DERIVED_OFFSET = 5;

export function lastAddress(cidr: Cidr): Ipv4 {
  return shifted(cidr.base, cidrSize(cidr) - 1);
}

/** Azure's own five; of a subnet that is too small for Azure, those that it has. */
export function reservedAddresses(cidr: Cidr): Ipv4[] {
  const size = cidrSize(cidr);
  const offsets = new Set([0, 1, 2, 3, size - 1].filter((offset) => offset < size));
  return [...offsets].map((offset) => shifted(cidr.base, offset));
}

/** What acs-engine takes for the first master when there is no custom VNet. */
export function derivedFirstStaticIp(cidr: Cidr): Ipv4 {
  return (((lastAddress(cidr) & 0xffffff00) >>> 0) + DERIVED_OFFSET) as Ipv4;
}

/** An address that is known to exist. */
export function shifted(address: Ipv4, count: number): Ipv4 {
  const moved = offsetIpv4(address, count);
  if (moved === undefined) throw new Error(`Internal error: no address ${count} further than ${address}`);
  return moved;
}
