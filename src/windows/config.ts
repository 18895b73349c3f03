/**
 * The configuration of azure-vnet on Windows. Keys match in any case; keys of Linux are ignored; keys that ask for
 * what is not there are refused.
 */
import { isCleanup } from '../cni/config.ts';
import { readDns } from '../cni/dns.ts';
import { Fields, joinProblems, optional } from '../cni/fields.ts';
import { isPluginName } from '../cni/names.ts';
import type { CniDns, CniRequest } from '../cni/types.ts';
import type { Failure } from '../sys/failure.ts';
import type { JsonObject } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type RuntimeDns, readRuntimeDns } from './dns.ts';
import type { NetworkPlan } from './hns.ts';
import { DEFAULT_HNS_TIMEOUT_MS } from './hns-calls.ts';
import { type EndpointPolicy, readAdditionalArgs } from './policies.ts';
import { type PortMapping, readPortMappings } from './port-mappings.ts';

export interface WindowsConfig {
  readonly name: string;
  readonly mode: NetworkPlan['mode'];
  readonly master?: string;
  /** For HNS, in place of the master. */
  readonly adapterName?: string;
  readonly ipamType: string;
  readonly dns: CniDns;
  readonly runtimeDns: RuntimeDns;
  readonly portMappings: readonly PortMapping[];
  readonly endpointPolicies: readonly EndpointPolicy[];
  readonly networkPolicies: readonly JsonObject[];
  readonly enableLoopbackDsr: boolean;
  readonly hnsTimeoutMs: number;
}

/** The host waits ten minutes at most (native/host.h), and who waits for another call waits 10 s longer. */
export const MAX_HNS_TIMEOUT_S = 590;

/** What the page says, for whoever asks for something else. */
export const NO_CUSTOM_RANGES =
  'Windows VMs do source NAT by themselves for traffic to destinations outside their subnet; ' +
  'custom IP ranges cannot be specified';

/**
 * Reads the configuration. ADD, CHECK and STATUS get every problem in one failure; on DEL and GC a malformed key
 * reads as absent (`ipamType` as '').
 *
 * Failures: INVALID_CONFIG naming the key; UNSUPPORTED_FIELD naming key and value.
 */
export function parseWindowsConfig(request: CniRequest): Result<WindowsConfig, Failure> {
  const fields = new Fields(request.config);
  refuse(fields);
  const runtime = fields.child('runtimeConfig');
  const settings = fields.child('windowsSettings');
  const policies = readAdditionalArgs(fields);
  const config: WindowsConfig = {
    name: request.networkName,
    mode: mode(fields),
    ...optional('master', adapter(fields, 'master')),
    ...optional('adapterName', adapter(fields, 'adapterName')),
    ipamType: ipamType(fields.child('ipam')),
    dns: readDns(fields.child('dns')),
    runtimeDns: readRuntimeDns(runtime.child('dns')),
    portMappings: readPortMappings(runtime, false),
    endpointPolicies: policies.endpoint,
    networkPolicies: policies.network,
    enableLoopbackDsr: settings.boolean('enableLoopbackDSR') ?? false,
    hnsTimeoutMs: timeoutMs(settings),
  };
  const problem = joinProblems(fields.problems);
  return problem && !isCleanup(request) ? err(problem) : ok(config);
}

/** `bridge` and, for those who know what it is, `tunnel`; the names of HNS itself are taken too. */
function mode(fields: Fields): NetworkPlan['mode'] {
  const text = fields.string('mode');
  if (text === 'tunnel' || text === 'l2tunnel') return 'l2tunnel';
  if (text !== '' && text !== 'bridge' && text !== 'l2bridge') {
    fields.unsupported('mode', text, 'Network mode is invalid; use "bridge", which is l2bridge on Windows');
  }
  return 'l2bridge';
}

function refuse(fields: Fields): void {
  if (fields.boolean('multiTenancy')) {
    fields.unsupported('multiTenancy', true, 'it needs the network configuration of CNS');
  }
  const ipv6 = fields.string('ipv6Mode');
  if (ipv6 !== '') fields.unsupported('ipv6Mode', ipv6, 'pods have IPv4 addresses only');
  const execution = fields.string('executionMode');
  if (execution !== '' && execution !== 'default') {
    fields.unsupported('executionMode', execution, 'use "default"');
  }
  for (const key of MASQUERADE_KEYS) {
    const value = fields.value(key);
    if (value !== undefined) fields.unsupported(key, value, NO_CUSTOM_RANGES);
  }
  const mac = fields.child('runtimeConfig').string('mac');
  if (mac !== '') fields.unsupported('runtimeConfig.mac', mac, 'the MAC address cannot be chosen');
}

function adapter(fields: Fields, key: string): string | undefined {
  const name = fields.string(key);
  if (name === '') return undefined;
  return name.length <= MAX_ADAPTER_CHARACTERS && !/\p{Cc}/u.test(name)
    ? name
    : fields.invalid(
        key,
        `the name of a network adapter of at most ${MAX_ADAPTER_CHARACTERS} characters`,
        name,
      );
}

function ipamType(ipam: Fields): string {
  const type = ipam.string('type');
  if (type === 'azure-cns')
    return ipam.unsupported('type', type, 'CNS is not there; use "azure-vnet-ipam"') ?? '';
  if (isPluginName(type)) return type;
  const expected = 'the name of an IPAM plugin such as "azure-vnet-ipam"';
  return ipam.invalid('type', expected, type) ?? '';
}

/** Seconds; 0 and absent mean the default. */
function timeoutMs(settings: Fields): number {
  const seconds = settings.count('hnsTimeoutDurationInSeconds') ?? 0;
  if (seconds > MAX_HNS_TIMEOUT_S) {
    settings.invalid('hnsTimeoutDurationInSeconds', `at most ${MAX_HNS_TIMEOUT_S} seconds`, seconds);
  }
  return seconds === 0 || seconds > MAX_HNS_TIMEOUT_S ? DEFAULT_HNS_TIMEOUT_MS : seconds * 1000;
}

/** Of ip-masq-agent, and of those who look for such a key here. */
const MASQUERADE_KEYS = [
  'nonMasqueradeCIDRs',
  'nonMasqueradeCIDR',
  'masqueradeCIDRs',
  'masqLinkLocal',
  'snatRanges',
];
const MAX_ADAPTER_CHARACTERS = 256;
