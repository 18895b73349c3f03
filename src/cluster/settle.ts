/** Draft without errors → definition: the defaults become values, places are left behind. */
import type {
  ClusterDefinition,
  ClusterLayout,
  ClusterNetwork,
  KubernetesVersion,
  NodeLayout,
  NodeProfile,
  Secret,
  ServicePrincipal,
} from './definition.ts';
import type { Draft } from './read/draft.ts';
import { type Field, given, valueOr } from './read/field.ts';
import { DEFAULTS, type Facts, type Group } from './rules/facts.ts';

/** Call it only when there are no errors: what is missing here is a rule that is missing. */
export function settle(facts: Facts, layout: ClusterLayout): ClusterDefinition {
  const { draft, groups } = facts;
  const [masters, ...pools] = groups;
  const windows = facts.hasWindows ? draft.windows : undefined;
  const principal = servicePrincipalOf(draft);
  return {
    kubernetes: kubernetesOf(facts),
    network: networkOf(facts),
    master: { ...layout.master, ...profileOf(draft, must(masters, 'masters')) },
    pools: layout.pools.map((pool, index) => ({
      ...pool,
      ...profileOf(draft, must(pools[index], 'pool')),
      dataDiskSizesGb: setOr(must(draft.pools[index], 'pool').dataDiskSizesGb, []),
    })),
    linux: {
      adminUsername: must(given(draft.linux.adminUsername), 'adminUsername'),
      sshPublicKeys: draft.linux.sshPublicKeys.map((key) => must(given(key), 'keyData')),
    },
    ...(windows === undefined
      ? {}
      : {
          windows: {
            adminUsername: must(given(windows.adminUsername), 'adminUsername'),
            adminPassword: must(given(windows.adminPassword), 'adminPassword'),
          },
        }),
    ...(principal === undefined ? {} : { servicePrincipal: principal }),
    subnets: layout.subnets,
  };
}

function kubernetesOf({ draft, version }: Facts): KubernetesVersion {
  const release = `1.${must(version, 'version').minor}`;
  const exact = given(draft.orchestrator.version)?.replace(/^v/, '');
  return exact === undefined ? { release } : { release, version: exact };
}

function networkOf({ draft, customVnet, clusterSubnet, vnetCidr }: Facts): ClusterNetwork {
  const { network } = draft;
  const policy = valueOr<string>(network.policy, '');
  return {
    vnetCidr: must(vnetCidr, 'vnetCidr'),
    customVnet,
    clusterSubnet: must(clusterSubnet, 'clusterSubnet'),
    serviceCidr: setOr(network.serviceCidr, DEFAULTS.serviceCidr),
    dnsServiceIp: setOr(network.dnsServiceIp, DEFAULTS.dnsServiceIp),
    dockerBridge: setOr(network.dockerBridge, DEFAULTS.dockerBridge),
    networkPolicy: policy === 'azure' || policy === 'calico' ? policy : '',
    loadBalancerSku: setOr(network.loadBalancerSku, 'Standard'),
    ...optional('azureCniVersion', given(network.azureCniVersion)),
  };
}

/** What a profile has besides its layout. */
function profileOf(draft: Draft, { profile, maxPods }: Group): Omit<NodeProfile, keyof NodeLayout> {
  const size = given(profile.osDiskSizeGb);
  return {
    vmSize: must(given(profile.vmSize), 'vmSize'),
    // 0 is acs-engine's way to say: that of the image.
    ...optional('osDiskSizeGb', size === 0 ? undefined : size),
    zones: setOr(profile.zones, []),
    kubeletFlags: new Map([
      ...draft.kubelet.flags,
      ...profile.kubelet.flags,
      ['--max-pods', String(must(maxPods, 'maxPods'))],
    ]),
  };
}

function servicePrincipalOf({ servicePrincipal, useManagedIdentity }: Draft): ServicePrincipal | undefined {
  if (servicePrincipal === undefined || given(useManagedIdentity) === true) return undefined;
  const { clientId, secret, keyVault } = servicePrincipal;
  const found: Secret =
    keyVault === undefined
      ? { kind: 'text', text: must(given(secret), 'secret') }
      : {
          kind: 'keyVault',
          vaultId: must(given(keyVault.vaultId), 'vaultID'),
          secretName: must(given(keyVault.name), 'secretName'),
          ...optional('secretVersion', given(keyVault.version)),
        };
  return { clientId: must(given(clientId), 'clientId'), secret: found };
}

function setOr<T>(field: Field<T>, ifAbsent: T): T {
  return must(valueOr(field, ifAbsent), 'field');
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`Internal error: no ${what} in a definition without errors`);
  return value;
}
