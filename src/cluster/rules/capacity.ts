/** Whether the addresses suffice: of a NIC, of a subnet, of the virtual network. */
import { cidrSize, formatCidr } from '../../net/cidr.ts';
import { RESERVED_COUNT } from '../addresses.ts';
import { MAX_RESOURCES } from '../limits.ts';
import type { Facts, Group, SubnetFacts } from './facts.ts';

/** https://learn.microsoft.com/azure/virtual-network/container-networking-overview */
const MAX_VNET_PODS = 16_000;

export function checkCapacity(facts: Facts): void {
  for (const group of facts.groups) checkNic(facts, group);
  for (const subnet of facts.subnets) checkSubnet(facts, subnet);
  checkResources(facts);
  const pods = facts.groups.reduce((sum, { count = 0, maxPods = 0 }) => sum + count * maxPods, 0);
  if (pods > MAX_VNET_PODS) {
    facts.report.warning(
      'many-pods',
      facts.draft.properties,
      `${pods} pods are possible; Azure supports ${MAX_VNET_PODS} in a VNet`,
    );
  }
}

/** Each node of an availability set is three resources: NIC, machine, extension. */
function checkResources({ draft, report, customVnet, groups }: Facts): void {
  const [masters] = groups;
  const shared = ['security group', 'public address', 'load balancer'].length;
  const more = (customVnet ? 0 : 1) + ((masters?.count ?? 0) > 1 ? 1 : 0);
  const resources = groups.reduce(
    (sum, { availability, count = 0 }) => sum + 1 + (availability === 'AvailabilitySet' ? 3 * count : 0),
    shared + more,
  );
  if (resources <= MAX_RESOURCES) return;
  const message = `the template would have ${resources} resources, and a deployment takes ${MAX_RESOURCES}: use scale sets for large pools`;
  report.error('many-resources', draft.properties, message);
}

function checkNic({ report }: Facts, { label, profile, maxPods, ipAddressCount }: Group): void {
  const field = profile.ipAddressCount;
  if (field.state !== 'given' || maxPods === undefined || ipAddressCount === undefined) return;
  const wanted = 1 + maxPods;
  const numbers = `${label}: ipAddressCount is ${ipAddressCount} and the nodes have up to ${maxPods} pods`;
  const own = profile.kubelet.maxPods;
  const other = own.state === 'given' ? { label: '--max-pods is here', spot: own.spot } : undefined;
  if (ipAddressCount < wanted) {
    report.warning(
      'few-addresses',
      field.spot,
      `${numbers}: pods beyond ${ipAddressCount - 1} wait for an address for ever; write ${wanted}, or --max-pods "${Math.max(1, ipAddressCount - 1)}"`,
      other,
    );
  } else if (ipAddressCount > wanted) {
    report.note(
      'many-addresses',
      field.spot,
      `${numbers}: ${ipAddressCount - wanted} addresses of each node are never used`,
    );
  }
}

function checkSubnet({ draft, report, groups }: Facts, subnet: SubnetFacts): void {
  const { cidr } = subnet;
  const inside = groups.filter((group) => group.subnet === subnet);
  if (
    cidr === undefined ||
    inside.some(({ count, ipAddressCount }) => count === undefined || ipAddressCount === undefined)
  )
    return;
  const masters = inside.find(({ role }) => role === 'master')?.count ?? 0;
  const balancer = masters > 1 ? 1 : 0;
  const nodes = inside.reduce((sum, { count = 0 }) => sum + count, 0);
  const needed = inside.reduce(
    (sum, { count = 0, ipAddressCount = 0 }) => sum + count * ipAddressCount,
    balancer,
  );
  const surge = Math.max(...inside.map(({ ipAddressCount = 0 }) => ipAddressCount));
  const available = cidrSize(cidr) - RESERVED_COUNT;
  if (needed + surge <= available) return;
  const { clusterSubnet } = draft.network;
  const spot =
    clusterSubnet.state === 'given' && subnet.field === draft.master.subnetId
      ? clusterSubnet.spot
      : subnet.field.spot;
  const bits = prefixFor(needed + surge + RESERVED_COUNT);
  const numbers = `${nodes} nodes need ${needed} addresses, and ${surge} more while an upgrade has one node too many; ${formatCidr(cidr)} has ${available} after Azure's own ${RESERVED_COUNT}`;
  const advice = `a /${bits} would do, or fewer nodes or pods`;
  if (needed > available) report.error('subnet-full', spot, `${numbers}; ${advice}`);
  else report.warning('subnet-no-surge', spot, `${numbers}: no upgrade is possible; ${advice}`);
}

/** The smallest subnet with so many addresses. */
function prefixFor(addresses: number): number {
  return 32 - Math.ceil(Math.log2(addresses));
}
