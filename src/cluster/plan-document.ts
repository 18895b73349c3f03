/** The address plan as a JSON document: addresses as texts, the order of keys fixed. */
import { formatCidr, gatewayOf } from '../net/cidr.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { AddressPlan, AddressRange, PlannedNode, SubnetPlan } from './plan.ts';
import { formatSubnetId } from './subnet-id.ts';

export interface PlanDocument {
  readonly clusterId: string;
  readonly vnetCidr: string;
  readonly apiServer: string;
  /** Null with one master. */
  readonly internalLoadBalancer: { readonly address: string; readonly subnet: string } | null;
  readonly nodes: readonly NodeDocument[];
  readonly subnets: readonly SubnetDocument[];
}

export interface NodeDocument {
  readonly name: string;
  readonly role: 'master' | 'agent';
  readonly pool: string;
  readonly osType: string;
  readonly availability: string;
  readonly maxPods: number;
  readonly nic: {
    readonly name: string;
    readonly subnet: string;
    readonly ipConfigs: readonly {
      readonly name: string;
      readonly address: string;
      readonly primary: boolean;
      readonly allocation: string;
    }[];
  };
}

export interface SubnetDocument {
  readonly name: string;
  readonly cidr: string;
  /** Null for a subnet that the template makes. */
  readonly id: string | null;
  readonly gateway: string | null;
  readonly reserved: readonly string[];
  readonly size: number;
  readonly used: number;
  readonly freeCount: number;
  readonly free: readonly string[];
  readonly headroom: {
    readonly surgeAddresses: number;
    readonly surgeFits: boolean;
    readonly moreNodes: Readonly<Record<string, number>>;
  };
}

export function planDocument(plan: AddressPlan): PlanDocument {
  const { internalLoadBalancer: balancer } = plan;
  return {
    clusterId: plan.clusterId,
    vnetCidr: formatCidr(plan.vnetCidr),
    apiServer: formatIpv4(plan.apiServer),
    internalLoadBalancer:
      balancer === undefined ? null : { address: formatIpv4(balancer.address), subnet: balancer.subnet.name },
    nodes: plan.nodes.map(nodeDocument),
    subnets: plan.subnets.map(subnetDocument),
  };
}

function nodeDocument({ name, role, pool, osType, availability, maxPods, nic }: PlannedNode): NodeDocument {
  const ipConfigs = nic.ipConfigs.map((one) => ({
    name: one.name,
    address: formatIpv4(one.address),
    primary: one.primary,
    allocation: one.allocation,
  }));
  return {
    name,
    role,
    pool,
    osType,
    availability,
    maxPods,
    nic: { name: nic.name, subnet: nic.subnet.name, ipConfigs },
  };
}

function subnetDocument({
  subnet,
  reserved,
  size,
  used,
  freeCount,
  free,
  headroom,
}: SubnetPlan): SubnetDocument {
  const gateway = gatewayOf(subnet.cidr);
  return {
    name: subnet.name,
    cidr: formatCidr(subnet.cidr),
    id: subnet.id === undefined ? null : formatSubnetId(subnet.id),
    gateway: gateway === undefined ? null : formatIpv4(gateway),
    reserved: reserved.map(formatIpv4),
    size,
    used,
    freeCount,
    free: free.map(formatRange),
    headroom: {
      surgeAddresses: headroom.surgeAddresses,
      surgeFits: headroom.surgeFits,
      moreNodes: Object.fromEntries(headroom.moreNodes),
    },
  };
}

/** `10.0.0.4-10.0.0.33`; one address is itself. */
export function formatRange({ first, last }: AddressRange): string {
  return first === last ? formatIpv4(first) : `${formatIpv4(first)}-${formatIpv4(last)}`;
}
