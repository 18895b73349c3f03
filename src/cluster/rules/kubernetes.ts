/** apiVersion, the orchestrator and its version, the network plugin, load balancers. */
import { given, valueOr } from '../read/field.ts';
import { quoted } from '../read/source.ts';
import { type Facts, parseVersion } from './facts.ts';

/** The oldest release with a version in acs-engine that can be deployed; azure-vnet came with 1.5. */
const LEAST_MINOR = 6;
/** kubelet lost --network-plugin: what runs the containers has the CNI directories since. */
const WITHOUT_DOCKERSHIM = 24;

export function checkKubernetes(facts: Facts): void {
  checkVersions(facts);
  checkPlugin(facts);
  checkLoadBalancer(facts);
  checkZones(facts);
}

function checkVersions({ draft, report, version }: Facts): void {
  const { apiVersion, orchestrator } = draft;
  if (apiVersion.state === 'given' && apiVersion.value !== 'vlabs') {
    report.error(
      'api-version',
      apiVersion.spot,
      `apiVersion is ${quoted(apiVersion.value)}; only "vlabs" has these fields`,
    );
  }
  const { type, release, version: exact } = orchestrator;
  if (type.state === 'given' && type.value.toLowerCase() !== 'kubernetes') {
    report.error(
      'orchestrator',
      type.spot,
      `orchestratorType is ${quoted(type.value)}; this is for "Kubernetes" only`,
    );
  }
  for (const field of [release, exact]) {
    if (field.state !== 'given') continue;
    const parsed = parseVersion(field.value);
    const wanted = field === exact ? 'a version such as "1.10.13"' : 'a release such as "1.10"';
    if (parsed === undefined || (parsed.patch === undefined) === (field === exact)) {
      report.error('kubernetes-version', field.spot, `this is ${quoted(field.value)}; expected ${wanted}`);
    } else if (parsed.minor < LEAST_MINOR) {
      report.error(
        'kubernetes-version',
        field.spot,
        `Kubernetes ${field.value} is too old; expected 1.${LEAST_MINOR} or later`,
      );
    }
  }
  const released = release.state === 'given' ? parseVersion(release.value) : undefined;
  if (
    exact.state === 'given' &&
    released !== undefined &&
    version !== undefined &&
    released.minor !== version.minor
  ) {
    const other = { label: 'orchestratorRelease is here', spot: release.spot };
    report.error(
      'kubernetes-version',
      exact.spot,
      `version ${exact.value} is not of release 1.${released.minor}; leave out one of the two`,
      other,
    );
  }
  if (version !== undefined && version.minor >= WITHOUT_DOCKERSHIM) {
    const { spot } = exact.state === 'given' ? exact : release;
    report.note(
      'no-network-plugin-flag',
      spot,
      `kubelet has no --network-plugin from 1.${WITHOUT_DOCKERSHIM} on; containerd reads /etc/cni/net.d by itself`,
    );
  }
}

/** Which policies go with azure; those of other plugins are refused with the plugin. */
function checkPlugin({ draft, report, version, hasWindows }: Facts): void {
  const { plugin, policy, mode } = draft.network;
  const policyWord = given(policy);
  // A policy alone chooses the plugin as well: acs-engine's older way to say it.
  const implied = {
    calico: 'kubenet',
    cilium: 'cilium',
    antrea: 'antrea',
    none: 'kubenet',
    azure: 'azure',
  } as const;
  if (plugin.state === 'given' && plugin.value !== 'azure') {
    report.error(
      'network-plugin',
      plugin.spot,
      `networkPlugin is "${plugin.value}"; addresses of the VNet for pods, and so this plan, need "azure"`,
    );
  } else if (plugin.state === 'absent' && policy.state === 'given' && implied[policy.value] !== 'azure') {
    report.error(
      'network-plugin',
      policy.spot,
      `networkPolicy "${policy.value}" alone makes acs-engine choose the plugin ${implied[policy.value]}; add "networkPlugin": "azure"`,
    );
  } else if (policy.state === 'given' && !['azure', 'calico'].includes(policy.value)) {
    report.error(
      'network-policy',
      policy.spot,
      `networkPolicy "${policy.value}" is not supported with networkPlugin "azure"; expected azure, calico or none given`,
    );
  }
  if (policyWord === 'calico' && hasWindows && policy.state === 'given') {
    report.error('network-policy', policy.spot, 'networkPolicy "calico" is not supported with Windows pools');
  }
  if (policyWord === 'azure' && version !== undefined && version.minor < 8 && policy.state === 'given') {
    report.error(
      'network-policy',
      policy.spot,
      `networkPolicy "azure" needs Kubernetes 1.8, this is 1.${version.minor}`,
    );
  }
  if (mode.state === 'given' && mode.value === 'transparent') {
    report.warning(
      'network-mode',
      mode.spot,
      'networkMode "transparent" is not what azure-vnet does here; the nodes get mode "bridge"',
    );
  } else if (mode.state === 'given' && policyWord === 'calico') {
    report.error('network-mode', mode.spot, 'networkPolicy "calico" needs networkMode "transparent"');
  }
}

function checkLoadBalancer({ draft, report, version }: Facts): void {
  const { loadBalancerSku: sku, excludeMasters } = draft.network;
  if (sku.state !== 'given') return;
  if (sku.value === 'Basic') {
    report.warning(
      'basic-load-balancer',
      sku.spot,
      'Azure has retired Basic load balancers in September 2025 and makes no new ones; write "Standard"',
    );
    return;
  }
  if (version !== undefined && version.minor < 11) {
    report.error(
      'load-balancer',
      sku.spot,
      `loadBalancerSku "Standard" needs Kubernetes 1.11, this is 1.${version.minor}`,
    );
  }
  if (valueOr(excludeMasters, false) === false) {
    report.warning(
      'load-balancer',
      sku.spot,
      'acs-engine wants "excludeMasterFromStandardLB": true with loadBalancerSku "Standard"',
    );
  }
}

function checkZones({ report, version, groups, draft }: Facts): void {
  const zoned = groups.filter(({ profile }) => (given(profile.zones)?.length ?? 0) > 0);
  const [first] = zoned;
  if (first === undefined) return;
  if (zoned.length < groups.length) {
    const without = groups.find((group) => !zoned.includes(group) && group.profile.zones.state !== 'invalid');
    if (without !== undefined) {
      const other = { label: `${first.label} have them`, spot: first.profile.zones.spot };
      report.error(
        'zones',
        without.profile.spot,
        `${without.label}: availabilityZones are for all profiles or for none`,
        other,
      );
    }
  }
  const { spot } = first.profile.zones;
  if (version !== undefined && version.minor < 12)
    report.error('zones', spot, `availabilityZones need Kubernetes 1.12, this is 1.${version.minor}`);
  if (valueOr(draft.network.loadBalancerSku, 'Standard') === 'Basic')
    report.error('zones', spot, 'availabilityZones need "loadBalancerSku": "Standard"');
  for (const { profile, label, count, availability } of zoned) {
    const zones = given(profile.zones) ?? [];
    if (availability === 'AvailabilitySet')
      report.error(
        'zones',
        profile.zones.spot,
        `${label}: availabilityZones need "availabilityProfile": "VirtualMachineScaleSets"`,
      );
    if (count !== undefined && count < 2 * zones.length) {
      report.error(
        'zones',
        profile.zones.spot,
        `${label}: ${zones.length} zones need at least ${2 * zones.length} nodes, there are ${count}`,
      );
    }
  }
}
