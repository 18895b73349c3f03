/** The virtual network, where the definition names none, and who may come in. */
import { formatCidr } from '../../net/cidr.ts';
import { API_PORT } from '../nodes/setup.ts';
import type { Context } from './context.ts';
import { evaluated, parameter, reference, resourceId } from './expressions.ts';
import { NETWORK, type Resource, resource } from './resource.ts';

export function networkResources(context: Context): Resource[] {
  const { definition } = context;
  return [securityGroup(context), ...(definition.network.customVnet ? [] : [virtualNetwork(context)])];
}

function virtualNetwork({ definition, names }: Context): Resource {
  const nsg = resourceId(`${NETWORK}/networkSecurityGroups`, names.nsg);
  return resource(NETWORK, 'virtualNetworks', {
    name: names.vnet,
    dependsOn: [evaluated(nsg)],
    properties: {
      addressSpace: { addressPrefixes: [formatCidr(definition.network.vnetCidr)] },
      subnets: definition.subnets.map(({ name, cidr }) => ({
        name,
        properties: { addressPrefix: formatCidr(cidr), networkSecurityGroup: reference(nsg) },
      })),
    },
  });
}

function securityGroup({ definition, names }: Context): Resource {
  const admin = evaluated(parameter('adminSourceAddressPrefix'));
  const securityRules = [
    allow('allow_kube_tls', 'Kubernetes API', { port: API_PORT, priority: 100, source: '*' }),
    allow('allow_ssh', 'SSH to the masters', { port: 22, priority: 101, source: admin }),
    ...(definition.windows === undefined
      ? []
      : [allow('allow_rdp', 'RDP to Windows nodes', { port: 3389, priority: 102, source: admin })]),
  ];
  return resource(NETWORK, 'networkSecurityGroups', { name: names.nsg, properties: { securityRules } });
}

interface Allowed {
  readonly port: number;
  readonly priority: number;
  readonly source: string;
}

function allow(name: string, description: string, { port, priority, source }: Allowed): object {
  return {
    name,
    properties: {
      description,
      access: 'Allow',
      direction: 'Inbound',
      priority,
      protocol: 'Tcp',
      sourceAddressPrefix: source,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: String(port),
    },
  };
}
