/** The address plan: every address of every NIC of every node, before anything is deployed. */
import type { Cidr } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { AvailabilityProfile, OsType, Subnet } from './definition.ts';

export interface AddressPlan {
  /** Eight digits from dnsPrefix: part of every name, so that two clusters fit in one resource group. */
  readonly clusterId: string;
  readonly vnetCidr: Cidr;
  /** The masters first, then the pools in the order of the file. */
  readonly nodes: readonly PlannedNode[];
  /** Where agents and pods reach the API: the internal load balancer, or the only master. */
  readonly apiServer: Ipv4;
  /** Present with more than one master. */
  readonly internalLoadBalancer?: PlannedFrontend;
  /** The masters' subnet first. */
  readonly subnets: readonly SubnetPlan[];
}

export interface PlannedFrontend {
  readonly address: Ipv4;
  readonly subnet: Subnet;
}

export interface PlannedNode {
  /** Host name, and with it the name of the Kubernetes node: `k8s-master-12345678-0`. */
  readonly name: string;
  readonly role: 'master' | 'agent';
  /** Name of the pool; `master` for masters. */
  readonly pool: string;
  /** Within the pool, from 0. */
  readonly index: number;
  readonly osType: OsType;
  readonly availability: AvailabilityProfile;
  readonly maxPods: number;
  readonly nic: PlannedNic;
}

export interface PlannedNic {
  readonly name: string;
  readonly subnet: Subnet;
  /** The first is the primary one, the node's own address; the others are for pods. */
  readonly ipConfigs: readonly PlannedIpConfig[];
}

export interface PlannedIpConfig {
  /** `ipconfig1`, `ipconfig2` … */
  readonly name: string;
  readonly address: Ipv4;
  readonly primary: boolean;
  /** Dynamic in scale sets, which know nothing else: there the address is what Azure is expected to choose. */
  readonly allocation: 'Static' | 'Dynamic';
}

/** Addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** What becomes of the addresses of one subnet. */
export interface SubnetPlan {
  readonly subnet: Subnet;
  /** Addresses of the subnet, all of them. */
  readonly size: number;
  /** Azure's own five: network, gateway, two for DNS, broadcast. */
  readonly reserved: readonly Ipv4[];
  /** Addresses of nodes, pods and the internal load balancer. */
  readonly used: number;
  /** What is left, in ascending order. */
  readonly free: readonly AddressRange[];
  readonly freeCount: number;
  readonly headroom: Headroom;
}

/** How the subnet can grow. */
export interface Headroom {
  /** Addresses of the one node more that an upgrade brings up before it takes an old one away. */
  readonly surgeAddresses: number;
  /** True when that node fits. */
  readonly surgeFits: boolean;
  /** Nodes that may be added to each pool alone, the surge left free; by name of the pool. */
  readonly moreNodes: ReadonlyMap<string, number>;
}
