/** The variables of the template: addresses and first boots, once for each group of nodes. */
import { formatIpv4 } from '../../net/ipv4.ts';
import type { NodeGroup } from '../nodes/profile.ts';
import { availabilitySetName } from './availability-set.ts';
import { type Context, groupName } from './context.ts';
import { evaluated, expression, parameter } from './expressions.ts';
import { scaleSetName } from './scale-set.ts';

/** `customData` is the text of a node's first boot, with tokens for what are parameters. */
export function variablesFor(context: Context, customData: (group: NodeGroup) => string): object {
  const groups = context.groups.flatMap((group) => [
    ...(group.profile.availability === 'AvailabilitySet'
      ? [[groupName(group, 'nodes'), nodesOf(group)]]
      : []),
    [groupName(group, 'customData'), customData(group)],
    [groupName(group, 'cloudConfig'), cloudConfig(context, group)],
  ]);
  return { none: [], ...Object.fromEntries(groups) };
}

/** The address plan. */
function nodesOf({ nodes }: NodeGroup): object[] {
  return nodes.map(({ name, nic }) => ({
    name,
    nic: nic.name,
    addresses: nic.ipConfigs.map(({ address }) => formatIpv4(address)),
  }));
}

/** https://cloud-provider-azure.sigs.k8s.io/install/configs/ */
function cloudConfig(context: Context, group: NodeGroup): object {
  const { definition, groups, names } = context;
  const { network, servicePrincipal } = definition;
  const { subnet } = group.profile;
  const here = evaluated(expression('resourceGroup().name'));
  // Services of type LoadBalancer go to the nodes of the first pool.
  const primary = groups[1] ?? group;
  const scaled = primary.profile.availability === 'VirtualMachineScaleSets';
  const primaryName = scaled
    ? { primaryScaleSetName: scaleSetName(primary) }
    : { primaryAvailabilitySetName: availabilitySetName(context, primary) };
  return {
    cloud: 'AzurePublicCloud',
    tenantId: evaluated(expression('subscription().tenantId')),
    subscriptionId: evaluated(expression('subscription().subscriptionId')),
    resourceGroup: here,
    location: evaluated(parameter('location')),
    vmType: scaled ? 'vmss' : 'standard',
    vnetName: subnet.id?.vnet ?? names.vnet,
    vnetResourceGroup: subnet.id?.resourceGroup ?? here,
    subnetName: subnet.name,
    securityGroupName: names.nsg,
    ...primaryName,
    loadBalancerSku: network.loadBalancerSku.toLowerCase(),
    useInstanceMetadata: true,
    ...(servicePrincipal === undefined
      ? { useManagedIdentityExtension: true }
      : {
          aadClientId: evaluated(parameter('servicePrincipalClientId')),
          aadClientSecret: evaluated(parameter('servicePrincipalClientSecret')),
        }),
  };
}
