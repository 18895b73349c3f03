/**
 * Definition → address plan. Everything follows from the definition: the same one gives the same addresses.
 *
 *     base  .0 .1 .2 .3 | .4 ……………………………………………………… | ………………………… | last
 *           Azure's own | node by node: own, pods, own … | static: masters, load balancer | Azure's own
 *
 * Masters and load balancer have the addresses that acs-engine gives them; everything else goes upwards from
 * the fourth address, as Azure's own allocation would, past the static ones. So what is in a scale set, where
 * no address can be chosen, comes out as Azure is expected to do it.
 */
import { type Cidr, cidrSize } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { FIRST_OFFSET, LOAD_BALANCER_OFFSET, lastAddress, shifted } from './addresses.ts';
import type { ClusterLayout, MasterLayout, NodeLayout, Subnet } from './definition.ts';
import { clusterIdOf, masterPrefix, poolPrefix, scaleSetHostPrefix, scaleSetInstance } from './names.ts';
import type { AddressPlan, PlannedFrontend, PlannedIpConfig, PlannedNode } from './plan.ts';
import { planSubnet } from './plan-subnet.ts';

/** Plans a definition, or the layout of one that is not filled in completely. */
export function planAddresses(layout: ClusterLayout): AddressPlan {
  const { master, pools, subnets } = layout;
  const clusterId = clusterIdOf(master.dnsPrefix);
  const allocators = new Map(subnets.map((subnet) => [subnet, new Allocator(subnet.cidr)]));
  const allocatorOf = (subnet: Subnet): Allocator => {
    const found = allocators.get(subnet);
    if (found === undefined)
      throw new Error(`Internal error: subnet ${subnet.name} is not one of the definition`);
    return found;
  };
  const frontend = frontendOf(master);
  if (frontend !== undefined) allocatorOf(frontend.subnet).take(frontend.address);
  const statics = masterAddresses(master);
  for (const address of statics) allocatorOf(master.subnet).take(address);

  const masters = nodesOf(master, allocatorOf(master.subnet), statics).map(
    (node): PlannedNode => ({
      ...node,
      name: nameOf(masterPrefix(clusterId), master, node.index),
      role: 'master',
      pool: 'master',
      osType: 'Linux',
      nic: { ...node.nic, name: nicName(masterPrefix(clusterId), master, node.index) },
    }),
  );
  const agents = pools.flatMap((pool, position) => {
    const prefix = poolPrefix(clusterId, pool, position);
    return nodesOf(pool, allocatorOf(pool.subnet), []).map(
      (node): PlannedNode => ({
        ...node,
        name: nameOf(prefix, pool, node.index),
        role: 'agent',
        pool: pool.name,
        osType: pool.osType,
        nic: { ...node.nic, name: nicName(prefix, pool, node.index) },
      }),
    );
  });
  const nodes = [...masters, ...agents];
  const apiServer = frontend?.address ?? masters[0]?.nic.ipConfigs[0]?.address;
  if (apiServer === undefined) throw new Error('Internal error: a cluster without masters');
  return {
    clusterId,
    vnetCidr: layout.network.vnetCidr,
    nodes,
    apiServer,
    ...(frontend === undefined ? {} : { internalLoadBalancer: frontend }),
    subnets: subnets.map((subnet) => planSubnet(layout, subnet, nodes, frontend)),
  };
}

/** The load balancer in front of several masters; in a scale set's subnet it is out of the way, at the end. */
function frontendOf(master: MasterLayout): PlannedFrontend | undefined {
  if (master.count === 1) return undefined;
  const address =
    master.firstStaticIp === undefined
      ? shifted(lastAddress(master.subnet.cidr), -1)
      : shifted(master.firstStaticIp, LOAD_BALANCER_OFFSET);
  return { address, subnet: master.subnet };
}

/** Empty for a scale set. */
function masterAddresses({ firstStaticIp, count }: MasterLayout): Ipv4[] {
  if (firstStaticIp === undefined) return [];
  return Array.from({ length: count }, (_, index) => shifted(firstStaticIp, index));
}

type Unnamed = Pick<PlannedNode, 'index' | 'availability' | 'maxPods'> & {
  readonly nic: { readonly subnet: Subnet; readonly ipConfigs: readonly PlannedIpConfig[] };
};

/** `statics`: the nodes' own addresses where they are settled, which are taken already. */
function nodesOf(profile: NodeLayout, allocator: Allocator, statics: readonly Ipv4[]): Unnamed[] {
  const { count, availability, maxPods, subnet, ipAddressCount } = profile;
  const allocation = availability === 'AvailabilitySet' ? 'Static' : 'Dynamic';
  return Array.from({ length: count }, (_, index) => {
    const own = statics[index] ?? allocator.next();
    const ipConfigs = Array.from({ length: ipAddressCount }, (_, position): PlannedIpConfig => {
      const primary = position === 0;
      const address = primary ? own : allocator.next();
      return { name: `ipconfig${position + 1}`, address, primary, allocation };
    });
    return { index, availability, maxPods, nic: { subnet, ipConfigs } };
  });
}

function nameOf(prefix: string, { availability }: NodeLayout, index: number): string {
  if (availability === 'AvailabilitySet') return `${prefix}${index}`;
  return `${scaleSetHostPrefix(prefix)}${scaleSetInstance(index)}`;
}

/** In a scale set all NICs have the same name. */
function nicName(prefix: string, { availability }: NodeLayout, index: number): string {
  const stem = prefix.endsWith('-') ? `${prefix}nic` : `${prefix}-nic`;
  return availability === 'AvailabilitySet' ? `${stem}-${index}` : stem;
}

/** Gives out the addresses of one subnet, each once. */
class Allocator {
  readonly #cidr: Cidr;
  readonly #taken = new Set<Ipv4>();
  #next: Ipv4;

  constructor(cidr: Cidr) {
    this.#cidr = cidr;
    this.#next = shifted(cidr.base, FIRST_OFFSET);
  }

  /** Settles an address before the others are given out. */
  take(address: Ipv4): void {
    if (this.#taken.has(address)) throw new Error(`Internal error: address ${address} is planned twice`);
    this.#taken.add(address);
  }

  next(): Ipv4 {
    while (this.#taken.has(this.#next)) this.#next = shifted(this.#next, 1);
    const address = this.#next;
    if (address - this.#cidr.base >= cidrSize(this.#cidr) - 1) {
      throw new Error('Internal error: the subnet is full, which validation lets nobody have');
    }
    this.#next = shifted(address, 1);
    return address;
  }
}
