/** Nodes of an availability set: each has a NIC of its own with the planned addresses. */
import type { NodeGroup } from '../nodes/profile.ts';
import {
  type Context,
  groupName,
  type Loop,
  member,
  networkDependency,
  nicSecurityGroup,
  nodeOf,
} from './context.ts';
import { call, type Expression, evaluated, reference, resourceId } from './expressions.ts';
import { ipConfigurations } from './ip-configurations.ts';
import {
  EXTENSION,
  extensionProperties,
  identity,
  osProfile,
  storageProfile,
  tags,
  vmSize,
} from './machine-profile.ts';
import { COMPUTE, NETWORK, type Resource, resource } from './resource.ts';

export function availabilitySetResources(context: Context, group: NodeGroup): Resource[] {
  return [availabilitySet(context, group), nics(context, group), machines(context, group), extensions(group)];
}

export function availabilitySetName({ plan }: Context, { role, pool }: NodeGroup): string {
  return role === 'master'
    ? `master-availabilityset-${plan.clusterId}`
    : `${pool}-availabilitySet-${plan.clusterId}`;
}

function availabilitySet(context: Context, group: NodeGroup): Resource {
  return resource(COMPUTE, 'availabilitySets', {
    name: availabilitySetName(context, group),
    tags: tags(group),
    // What goes with managed disks.
    sku: { name: 'Aligned' },
    properties: { platformFaultDomainCount: 2, platformUpdateDomainCount: 3 },
  });
}

function nics(context: Context, group: NodeGroup): Resource {
  const { names, plan } = context;
  const balancers = [
    names.loadBalancer,
    ...(plan.internalLoadBalancer === undefined ? [] : [names.internalLoadBalancer]),
  ];
  const waitsFor = group.role === 'master' ? balancers : [];
  const networkSecurityGroup = nicSecurityGroup(context);
  return resource(NETWORK, 'networkInterfaces', {
    name: evaluated(nicName(group, 'nics')),
    tags: tags(group),
    copy: over(group, 'nics'),
    dependsOn: [
      networkDependency(context),
      ...waitsFor.map((name) => evaluated(resourceId(`${NETWORK}/loadBalancers`, name))),
    ],
    properties: {
      ...(networkSecurityGroup === undefined ? {} : { networkSecurityGroup }),
      copy: ipConfigurations(context, group),
    },
  });
}

function machines(context: Context, group: NodeGroup): Resource {
  const nic = resourceId(`${NETWORK}/networkInterfaces`, nicName(group, 'machines'));
  const set = resourceId(`${COMPUTE}/availabilitySets`, availabilitySetName(context, group));
  return resource(COMPUTE, 'virtualMachines', {
    name: evaluated(machineName(group, 'machines')),
    tags: tags(group),
    ...identity(context.definition),
    copy: over(group, 'machines'),
    dependsOn: [evaluated(nic), evaluated(set)],
    properties: {
      availabilitySet: reference(set),
      hardwareProfile: { vmSize: vmSize(group) },
      networkProfile: { networkInterfaces: [reference(nic)] },
      osProfile: { computerName: evaluated(machineName(group, 'machines')), ...osProfile(group) },
      storageProfile: storageProfile(group),
    },
  });
}

function extensions(group: NodeGroup): Resource {
  return resource(COMPUTE, 'virtualMachines/extensions', {
    name: evaluated(call('concat', machineName(group, 'extensions'), `/${EXTENSION}`)),
    copy: over(group, 'extensions'),
    dependsOn: [evaluated(resourceId(`${COMPUTE}/virtualMachines`, machineName(group, 'extensions')))],
    properties: extensionProperties(group),
  });
}

function over(group: NodeGroup, loop: Loop): { name: string; count: number } {
  return { name: groupName(group, loop), count: group.nodes.length };
}

function machineName(group: NodeGroup, loop: Loop): Expression {
  return member(nodeOf(group, loop), 'name');
}

function nicName(group: NodeGroup, loop: Loop): Expression {
  return member(nodeOf(group, loop), 'nic');
}
