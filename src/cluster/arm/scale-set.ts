/** Nodes of a scale set: alike, with addresses that Azure chooses. */
import { scaleSetHostPrefix } from '../names.ts';
import type { NodeGroup } from '../nodes/profile.ts';
import { type Context, groupName, networkDependency, nicSecurityGroup } from './context.ts';
import { evaluated, resourceId } from './expressions.ts';
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

/** More instances than this need several placement groups. */
const MAX_PLACEMENT_GROUP = 100;

export function scaleSetName({ prefix }: NodeGroup): string {
  return `${prefix}vmss`;
}

export function scaleSet(context: Context, group: NodeGroup): Resource {
  const { nodes, prefix } = group;
  const { zones } = group.profile;
  const networkSecurityGroup = nicSecurityGroup(context);
  const nic = {
    name: nodes[0]?.nic.name ?? `${prefix}nic`,
    properties: {
      primary: true,
      ...(networkSecurityGroup === undefined ? {} : { networkSecurityGroup }),
      copy: ipConfigurations(context, group),
    },
  };
  return resource(COMPUTE, 'virtualMachineScaleSets', {
    name: scaleSetName(group),
    tags: tags(group),
    ...identity(context.definition),
    ...(zones.length === 0 ? {} : { zones }),
    sku: { name: vmSize(group), tier: 'Standard', capacity: nodes.length },
    dependsOn: [networkDependency(context), ...taken(context, group)],
    properties: {
      overprovision: false,
      singlePlacementGroup: nodes.length <= MAX_PLACEMENT_GROUP,
      upgradePolicy: { mode: 'Manual' },
      virtualMachineProfile: {
        osProfile: { computerNamePrefix: scaleSetHostPrefix(prefix), ...osProfile(group) },
        storageProfile: storageProfile(group),
        networkProfile: { networkInterfaceConfigurations: [nic] },
        extensionProfile: { extensions: [{ name: EXTENSION, properties: extensionProperties(group) }] },
      },
    },
  });
}

/**
 * What has fixed addresses comes first: Azure would give them to a scale set, and then the deployment fails with
 * PrivateIPAddressIsAllocated.
 */
function taken({ groups, names, plan }: Context, group: NodeGroup): string[] {
  const loops = groups
    .filter(({ profile }) => profile.availability === 'AvailabilitySet')
    .map((other) => groupName(other, 'nics'));
  const balancers = [
    ...(group.role === 'master' ? [names.loadBalancer] : []),
    ...(plan.internalLoadBalancer === undefined ? [] : [names.internalLoadBalancer]),
  ];
  return [...balancers.map((name) => evaluated(resourceId(`${NETWORK}/loadBalancers`, name))), ...loops];
}
