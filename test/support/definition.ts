/** Cluster definitions for tests: one that is in order, and edits of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const EXAMPLES = fileURLToPath(new URL('../../examples/cluster', import.meta.url));

export function example(name: string): string {
  return readFileSync(join(EXAMPLES, name), 'utf8');
}

const VNET =
  '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/kube-vnet/subnets';
export const MASTER_SUBNET = `${VNET}/nodes`;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A definition without any finding: 3 masters and one pool in an existing subnet. */
export function sound(): Json {
  return {
    apiVersion: 'vlabs',
    properties: {
      orchestratorProfile: {
        orchestratorType: 'Kubernetes',
        orchestratorRelease: '1.12',
        kubernetesConfig: {
          clusterSubnet: '10.1.0.0/20',
          serviceCidr: '10.2.0.0/16',
          dnsServiceIP: '10.2.0.10',
        },
      },
      masterProfile: {
        count: 3,
        dnsPrefix: 'sound',
        vmSize: 'Standard_D2_v3',
        vnetSubnetID: MASTER_SUBNET,
        firstConsecutiveStaticIP: '10.1.15.200',
        vnetCidr: '10.1.0.0/16',
      },
      agentPoolProfiles: [pool('linux')],
      linuxProfile: { adminUsername: 'azureuser', ssh: { publicKeys: [{ keyData: publicKey() }] } },
      servicePrincipalProfile: { clientId: '00001111-aaaa-2222-bbbb-3333cccc4444', secret: 'a-secret' },
    },
  };
}

export function pool(name: string, changes: { [key: string]: Json } = {}): Json {
  return {
    name,
    count: 2,
    vmSize: 'Standard_D2_v3',
    vnetSubnetID: MASTER_SUBNET,
    availabilityProfile: 'AvailabilitySet',
    ...changes,
  };
}

/** The sound definition with some values replaced by their path; undefined takes one away. */
export function edited(changes: Readonly<Record<string, Json | undefined>>): string {
  const root = sound();
  for (const [path, value] of Object.entries(changes)) set(root, path.split('.'), value);
  return JSON.stringify(root, null, 2);
}

function set(node: Json, [name = '', ...rest]: readonly string[], value: Json | undefined): void {
  if (node === null || typeof node !== 'object') throw new Error(`no ${name} in ${JSON.stringify(node)}`);
  const object = node as { [key: string]: Json };
  if (rest.length > 0) {
    object[name] ??= {};
    set(object[name], rest, value);
  } else if (value === undefined) {
    delete object[name];
  } else {
    object[name] = value;
  }
}

/** The key of the examples. */
export function publicKey(): string {
  const [, key] = /"keyData": "([^"]+)"/.exec(example('page.json')) ?? [];
  if (key === undefined) throw new Error('page.json has no key');
  return key;
}

export const KUBERNETES = 'properties.orchestratorProfile.kubernetesConfig';
export const MASTER = 'properties.masterProfile';
export const POOL = 'properties.agentPoolProfiles.0';
