/** Facts → what the addresses follow from: undefined as soon as a piece of it is not known. */
import { derivedFirstStaticIp } from './addresses.ts';
import type { ClusterLayout, MasterLayout, NodeLayout, PoolLayout, Subnet } from './definition.ts';
import type { Finding } from './finding.ts';
import type { MasterDraft, PoolDraft } from './read/draft.ts';
import { given } from './read/field.ts';
import type { Facts, Group, SubnetFacts } from './rules/facts.ts';

/**
 * Where no address depends on a value. Of the ids of subnets the name of the subnet matters: without it there is
 * no layout.
 */
const WITHOUT_ADDRESSES =
  /^properties\.(?:linuxProfile|windowsProfile|servicePrincipalProfile)(?:[.[]|$)|^properties\.(?:masterProfile|agentPoolProfiles\[\d+\])\.(?:vmSize|(?:agent)?vnetSubnetID)$/i;

/** True for an error that is nothing but a placeholder which no address depends on. */
export function leavesPlan({ code, place }: Finding): boolean {
  return code === 'placeholder' && WITHOUT_ADDRESSES.test(place.path);
}

/** Call it only when all errors leave the plan as it is. */
export function layoutOf({ draft, groups, subnets: known, vnetCidr }: Facts): ClusterLayout | undefined {
  const subnets = new Map<SubnetFacts, Subnet>();
  for (const subnet of known) {
    const { name, id, cidr } = subnet;
    if (cidr === undefined) return undefined;
    subnets.set(subnet, { name, cidr, ...(id === undefined ? {} : { id }) });
  }
  const [masters, ...others] = groups;
  const master = masters && masterOf(draft.master, masters, subnets);
  const pools = others.flatMap((group, index) => poolOf(draft.pools[index], group, subnets) ?? []);
  if (vnetCidr === undefined || master === undefined || pools.length < others.length) return undefined;
  return { network: { vnetCidr }, master, pools, subnets: [...subnets.values()] };
}

type Subnets = ReadonlyMap<SubnetFacts, Subnet>;

function masterOf(draft: MasterDraft, group: Group, subnets: Subnets): MasterLayout | undefined {
  const nodes = nodesOf(group, subnets);
  const dnsPrefix = given(draft.dnsPrefix);
  if (nodes === undefined || dnsPrefix === undefined || draft.firstStaticIp.state === 'invalid')
    return undefined;
  const { count } = nodes;
  if (count !== 1 && count !== 3 && count !== 5) return undefined;
  const inScaleSet = nodes.availability === 'VirtualMachineScaleSets';
  const firstStaticIp = given(draft.firstStaticIp) ?? derivedFirstStaticIp(nodes.subnet.cidr);
  return { ...nodes, count, dnsPrefix, ...(inScaleSet ? {} : { firstStaticIp }) };
}

function poolOf(draft: PoolDraft | undefined, group: Group, subnets: Subnets): PoolLayout | undefined {
  const nodes = nodesOf(group, subnets);
  const name = draft && given(draft.name);
  return nodes && name !== undefined ? { ...nodes, name, osType: group.osType } : undefined;
}

function nodesOf(
  { count, availability, maxPods, ipAddressCount, subnet: facts }: Group,
  subnets: Subnets,
): NodeLayout | undefined {
  const subnet = facts && subnets.get(facts);
  const isKnown =
    count !== undefined &&
    availability !== undefined &&
    maxPods !== undefined &&
    ipAddressCount !== undefined;
  if (!isKnown || subnet === undefined) return undefined;
  return { count, availability, maxPods, ipAddressCount, subnet };
}
