/** The ipconfigs of a NIC, as one loop: the first is the node's own, the others are for pods. */
import type { NodeGroup } from '../nodes/profile.ts';
import { type Context, groupName, member, nodeOf, subnetId } from './context.ts';
import { call, type Expression, evaluated, expression } from './expressions.ts';
import { backendPool, sshPool, sshRule } from './load-balancers.ts';

const LOOP = 'ipConfigurations';

/**
 * Value of `copy` where `ipConfigurations` belongs. NICs of their own have the planned addresses; those of a scale
 * set are alike, and Azure chooses.
 */
export function ipConfigurations(context: Context, group: NodeGroup): readonly [object] {
  const isFirst = `equals(copyIndex('${LOOP}'), 0)`;
  const fixed = group.profile.availability === 'AvailabilitySet';
  const address = expression(`${member(nodeOf(group, 'nics'), 'addresses').code}[copyIndex('${LOOP}')]`);
  const balanced = group.role === 'master' ? firstOnly(isFirst, mastersOnly(context, group)) : {};
  const input = {
    name: `[concat('ipconfig', copyIndex('${LOOP}', 1))]`,
    properties: {
      primary: `[${isFirst}]`,
      privateIPAddressVersion: 'IPv4',
      ...(fixed ? { privateIPAllocationMethod: 'Static', privateIPAddress: evaluated(address) } : {}),
      subnet: { id: subnetId(context, group.profile.subnet) },
      ...balanced,
    },
  };
  return [{ name: LOOP, count: group.profile.ipAddressCount, input }];
}

/** What the address of a master is part of. */
function mastersOnly(context: Context, group: NodeGroup): Readonly<Record<string, readonly Expression[]>> {
  const { names, plan } = context;
  const balancers = [
    names.loadBalancer,
    ...(plan.internalLoadBalancer === undefined ? [] : [names.internalLoadBalancer]),
  ];
  const pools = balancers.map((name) => backendPool(context, name));
  if (group.profile.availability !== 'AvailabilitySet') {
    return { loadBalancerBackendAddressPools: pools, loadBalancerInboundNatPools: [sshPool(context)] };
  }
  const rule = sshRule(
    context,
    call('concat', 'ssh-', expression(`copyIndex('${groupName(group, 'nics')}')`)),
  );
  return { loadBalancerBackendAddressPools: pools, loadBalancerInboundNatRules: [rule] };
}

/** Each list for the first ipconfig, an empty one for the others: a loop has the same properties for all. */
function firstOnly(isFirst: string, lists: Readonly<Record<string, readonly Expression[]>>): object {
  return Object.fromEntries(
    Object.entries(lists).map(([name, ids]) => {
      const objects = ids.map((id) => `createObject('id', ${id.code})`).join(', ');
      return [name, `[if(${isFirst}, createArray(${objects}), variables('none'))]`];
    }),
  );
}
