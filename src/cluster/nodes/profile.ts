/** The nodes that are alike: the masters, and each pool. */
import type { Ipv4 } from '../../net/ipv4.ts';
import type { AgentPool, ClusterDefinition, NodeProfile, OsType } from '../definition.ts';
import { masterPrefix, poolPrefix } from '../names.ts';
import type { AddressPlan, PlannedNode } from '../plan.ts';

export interface NodeGroup {
  readonly role: 'master' | 'agent';
  /** Name of the pool; `master` for masters. */
  readonly pool: string;
  readonly osType: OsType;
  readonly profile: NodeProfile;
  /** Names of the nodes and of what belongs to them begin with it. */
  readonly prefix: string;
  readonly dataDiskSizesGb: readonly number[];
  /** In the order of their index. */
  readonly nodes: readonly PlannedNode[];
  readonly apiServer: Ipv4;
  readonly behindInternalLoadBalancer: boolean;
}

/** The masters first, then the pools in the order of the file. */
export function nodeGroups({ master, pools }: ClusterDefinition, plan: AddressPlan): NodeGroup[] {
  const { clusterId, apiServer, nodes } = plan;
  const common = { apiServer, behindInternalLoadBalancer: false };
  const nodesOf = (role: NodeGroup['role'], pool: string): PlannedNode[] =>
    nodes.filter((node) => node.role === role && node.pool === pool);
  const agents = pools.map(
    (pool: AgentPool, index): NodeGroup => ({
      ...common,
      role: 'agent',
      pool: pool.name,
      osType: pool.osType,
      profile: pool,
      prefix: poolPrefix(clusterId, pool, index),
      dataDiskSizesGb: pool.dataDiskSizesGb,
      nodes: nodesOf('agent', pool.name),
    }),
  );
  return [
    {
      ...common,
      role: 'master',
      pool: 'master',
      osType: 'Linux',
      profile: master,
      prefix: masterPrefix(clusterId),
      dataDiskSizesGb: [],
      nodes: nodesOf('master', 'master'),
      behindInternalLoadBalancer: plan.internalLoadBalancer !== undefined,
    },
    ...agents,
  ];
}
