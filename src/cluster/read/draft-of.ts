/** Syntax tree → draft: every part is read, whatever is wrong with the others. */

import { readLinux, readServicePrincipal, readWindows } from './accounts.ts';
import type { Draft, NetworkDraft } from './draft.ts';
import type { Keys } from './keys.ts';
import {
  KUBERNETES_KEYS,
  LINUX_KEYS,
  MASTER_KEYS,
  ORCHESTRATOR_KEYS,
  POOL_KEYS,
  PROPERTIES_KEYS,
  ROOT_KEYS,
  SERVICE_PRINCIPAL_KEYS,
  WINDOWS_KEYS,
} from './keys.ts';
import { readKubelet } from './kubelet.ts';
import { kindOf, ObjectReader } from './object.ts';
import type { Document } from './parse.ts';
import { matching, readMaster, readPool, required } from './profiles.ts';
import { type Report, spotOf } from './report.ts';
import { addressField, addressWithPrefixField, rangeField } from './values.ts';

/** Undefined when a part is missing without which there is nothing to compare; the report has said so. */
export function draftOf(report: Report, document: Document): Draft | undefined {
  const { root } = document;
  if (root.type !== 'object') {
    report.error(
      'wrong-type',
      spotOf(root, ''),
      `expected a cluster definition, {"apiVersion": "vlabs", "properties": {…}}, got ${kindOf(root)}`,
    );
    return undefined;
  }
  const reader = new ObjectReader(report, document, root, '', ROOT_KEYS);
  const apiVersion = required(reader, 'apiVersion', reader.text('apiVersion'), 'expected "vlabs"');
  const properties = part(reader, 'properties', PROPERTIES_KEYS, 'it holds the whole definition');
  if (properties === undefined) return undefined;
  const orchestrator = part(
    properties,
    'orchestratorProfile',
    ORCHESTRATOR_KEYS,
    'it says that this is for Kubernetes',
  );
  const kubernetes = orchestrator?.object('kubernetesConfig', KUBERNETES_KEYS);
  const master = part(properties, 'masterProfile', MASTER_KEYS, 'a cluster has 1, 3 or 5 masters');
  const linux = part(properties, 'linuxProfile', LINUX_KEYS, 'the masters run Linux');
  const masterDraft = master && readMaster(master);
  const linuxDraft = linux && readLinux(linux);
  const pools = properties.objects('agentPoolProfiles', POOL_KEYS);
  const poolDrafts = pools.state === 'given' ? pools.value.map(readPool) : [];
  const windows = properties.object('windowsProfile', WINDOWS_KEYS);
  const principal = properties.object('servicePrincipalProfile', SERVICE_PRINCIPAL_KEYS);
  // The readers below look into what may be absent as if it were empty.
  const nothing = emptyReader(report, document, properties);
  const kubernetesOrNothing = kubernetes ?? nothing;
  const draft = {
    apiVersion,
    properties: properties.spot,
    orchestrator: readOrchestrator(orchestrator ?? nothing, orchestrator !== undefined),
    network: readNetwork(kubernetesOrNothing, master ?? nothing),
    kubelet: readKubelet(kubernetes, properties.spot),
    pools: poolDrafts,
    windows: windows && readWindows(windows),
    servicePrincipal: principal && readServicePrincipal(principal),
    useManagedIdentity: kubernetesOrNothing.boolean('useManagedIdentity'),
  };
  warnOfMaxPods(kubernetesOrNothing);
  if (masterDraft === undefined || linuxDraft === undefined) return undefined;
  return { ...draft, master: masterDraft, linux: linuxDraft };
}

/** An object that must be there. */
function part(reader: ObjectReader, name: string, keys: Keys, why: string): ObjectReader | undefined {
  const found = reader.object(name, keys);
  if (found === undefined && !reader.has(name)) reader.missing(name, why);
  return found;
}

function emptyReader(report: Report, document: Document, { spot }: ObjectReader): ObjectReader {
  return new ObjectReader(report, document, { type: 'object', offset: spot.offset, length: 1 }, spot.path);
}

function readOrchestrator(reader: ObjectReader, isThere: boolean): Draft['orchestrator'] {
  const type = reader.text('orchestratorType');
  return {
    type: isThere ? required(reader, 'orchestratorType', type, 'expected "Kubernetes"') : type,
    release: reader.text('orchestratorRelease'),
    version: reader.text('orchestratorVersion'),
  };
}

function readNetwork(kubernetes: ObjectReader, master: ObjectReader): NetworkDraft {
  return {
    plugin: kubernetes.choice('networkPlugin', ['azure', 'kubenet', 'cilium', 'flannel', 'antrea']),
    policy: kubernetes.choice('networkPolicy', ['azure', 'calico', 'cilium', 'antrea', 'none']),
    mode: kubernetes.choice('networkMode', ['bridge', 'transparent']),
    clusterSubnet: rangeField(kubernetes, 'clusterSubnet'),
    serviceCidr: rangeField(kubernetes, 'serviceCidr'),
    dnsServiceIp: addressField(kubernetes, 'dnsServiceIP'),
    dockerBridge: addressWithPrefixField(kubernetes, 'dockerBridgeSubnet'),
    vnetCidr: rangeField(master, 'vnetCidr'),
    loadBalancerSku: kubernetes.choice('loadBalancerSku', ['Basic', 'Standard']),
    excludeMasters: kubernetes.boolean('excludeMasterFromStandardLB'),
    azureCniVersion: matching(
      kubernetes,
      'azureCNIVersion',
      'azure-cni-version',
      /^v\d[0-9A-Za-z.+-]{0,63}$/,
      'a version such as v1.4.20',
    ),
  };
}

/** The field that looks right and does nothing. */
function warnOfMaxPods(kubernetes: ObjectReader): void {
  const field = kubernetes.integer('maxPods', 5, Number.MAX_SAFE_INTEGER);
  if (field.state !== 'given') return;
  kubernetes.report.warning(
    'max-pods-ignored',
    field.spot,
    `acs-engine checks maxPods here and then ignores it; write "kubeletConfig": {"--max-pods": "${field.value}"}`,
  );
}
