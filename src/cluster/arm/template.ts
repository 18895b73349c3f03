/** azuredeploy.json: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax */
import { formatIpv4 } from '../../net/ipv4.ts';
import type { NodeGroup } from '../nodes/profile.ts';
import { availabilitySetResources } from './availability-set.ts';
import type { Context } from './context.ts';
import { loadBalancerResources } from './load-balancers.ts';
import { networkResources } from './network.ts';
import { declarations } from './parameters.ts';
import { NETWORK, type Resource } from './resource.ts';
import { scaleSet } from './scale-set.ts';
import { variablesFor } from './variables.ts';

export interface Template {
  readonly $schema: string;
  readonly contentVersion: string;
  readonly parameters: object;
  readonly variables: object;
  readonly resources: readonly Resource[];
  readonly outputs: object;
}

export function templateFor(
  context: Context,
  parameters: Parameters<typeof declarations>[0],
  customData: (group: NodeGroup) => string,
): Template {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: declarations(parameters),
    variables: variablesFor(context, customData),
    resources: [
      ...networkResources(context),
      ...loadBalancerResources(context),
      ...context.groups.flatMap((group) =>
        group.profile.availability === 'AvailabilitySet'
          ? availabilitySetResources(context, group)
          : [scaleSet(context, group)],
      ),
    ],
    outputs: {
      masterFqdn: {
        type: 'string',
        value: `[reference(resourceId('${NETWORK}/publicIPAddresses', '${context.names.publicIp}')).dnsSettings.fqdn]`,
      },
      apiServer: { type: 'string', value: formatIpv4(context.plan.apiServer) },
    },
  };
}

/** Resources after the loops have run. */
export function resourceCount({ resources }: Template): number {
  return resources.reduce((sum, { copy }) => sum + (copy?.count ?? 1), 0);
}
