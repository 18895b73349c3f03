/** What the parts of the template refer to in each other. */

import type { ClusterDefinition, Subnet } from '../definition.ts';
import type { NodeGroup } from '../nodes/profile.ts';
import type { AddressPlan } from '../plan.ts';
import { formatSubnetId } from '../subnet-id.ts';
import { type Expression, evaluated, expression, resourceId, variable } from './expressions.ts';
import { NETWORK } from './resource.ts';

export interface Context {
  readonly definition: ClusterDefinition;
  readonly plan: AddressPlan;
  readonly groups: readonly NodeGroup[];
  readonly names: Names;
}

/** Names of the resources that are there once. */
export interface Names {
  readonly vnet: string;
  readonly nsg: string;
  readonly publicIp: string;
  readonly loadBalancer: string;
  readonly internalLoadBalancer: string;
}

/** As acs-engine names them. */
export function namesFor({ clusterId }: AddressPlan): Names {
  return {
    vnet: `k8s-vnet-${clusterId}`,
    nsg: `k8s-master-${clusterId}-nsg`,
    publicIp: `k8s-master-ip-${clusterId}`,
    loadBalancer: `k8s-master-lb-${clusterId}`,
    internalLoadBalancer: `k8s-master-internal-lb-${clusterId}`,
  };
}

/** Name of a parameter or variable that belongs to a group of nodes. */
export function groupName({ role, pool }: NodeGroup, what: string): string {
  return role === 'master' ? `master_${what}` : `agent_${pool}_${what}`;
}

/** The loops over the nodes of a group; their names are unique, and who names one in dependsOn waits for all of it. */
export type Loop = 'nics' | 'machines' | 'extensions';

/** The node of a round of the loop, as the variable of the group has it. */
export function nodeOf(group: NodeGroup, loop: Loop): Expression {
  return expression(`${variable(groupName(group, 'nodes')).code}[copyIndex('${groupName(group, loop)}')]`);
}

export function member({ code }: Expression, name: string): Expression {
  return expression(`${code}.${name}`);
}

/** Value of a property: the id of the subnet, which the template makes if the definition names none. */
export function subnetId({ names }: Context, { id, name }: Subnet): string {
  if (id !== undefined) return formatSubnetId(id);
  return evaluated(resourceId(`${NETWORK}/virtualNetworks/subnets`, names.vnet, name));
}

/** What has to be there before an address of the subnet can be taken. */
export function networkDependency({ definition, names }: Context): string {
  return evaluated(
    definition.network.customVnet
      ? resourceId(`${NETWORK}/networkSecurityGroups`, names.nsg)
      : resourceId(`${NETWORK}/virtualNetworks`, names.vnet),
  );
}

/** The security group is that of the NICs where the subnet is somebody else's, otherwise that of the subnet. */
export function nicSecurityGroup({ definition, names }: Context): object | undefined {
  if (!definition.network.customVnet) return undefined;
  return { id: evaluated(resourceId(`${NETWORK}/networkSecurityGroups`, names.nsg)) };
}
