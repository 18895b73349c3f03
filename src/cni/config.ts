/**
 * The configuration of azure-vnet, bridge mode. Keys match in any case; keys that belong to other modes,
 * to Windows or to nobody are ignored; keys that ask for what is not there are refused, not ignored.
 * Every key, with its meaning and its errors: config-keys.ts.
 */
import { parseIpv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import { INTERFACE_NAME, INTERFACE_NAME_RULE } from '../sys/platform.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { readDns } from './dns.ts';
import { Fields, joinProblems, optional } from './fields.ts';
import { isPluginName } from './names.ts';
import type { CniRequest, NetworkConfig } from './types.ts';

/**
 * Reads the configuration. ADD, CHECK and STATUS get every problem in one failure. DEL and GC must clean
 * up whatever the configuration has become, so there a malformed key reads as absent (`ipamType` as '').
 *
 * Failures: INVALID_CONFIG naming the key; UNSUPPORTED_FIELD naming key and value.
 */
export function parseNetworkConfig(request: CniRequest): Result<NetworkConfig, Failure> {
  const fields = new Fields(request.config);
  refuseWhatIsMissing(fields);
  const config: NetworkConfig = {
    name: request.networkName,
    ...optional('master', interfaceName(fields, 'master')),
    ...optional('bridge', interfaceName(fields, 'bridge')),
    ...optional('logLevel', fields.string('logLevel')),
    ipsToRouteViaHost: addresses(fields, 'ipsToRouteViaHost'),
    ...optional('disableHairpinOnHostInterface', fields.boolean('disableHairpinOnHostInterface')),
    ipamType: ipamType(fields.child('ipam')),
    dns: readDns(fields.child('dns')),
  };
  const problem = joinProblems(fields.problems);
  return problem && !isCleanup(request) ? err(problem) : ok(config);
}

/** DEL and GC go on where ADD would refuse the configuration. */
export function isCleanup(request: CniRequest): boolean {
  return request.env.command === 'DEL' || request.env.command === 'GC';
}

/** The name of a link, or what stands for one on this platform; undefined when absent or malformed. */
export function interfaceName(fields: Fields, key: string): string | undefined {
  return fields.parsed(key, (name) => (INTERFACE_NAME.test(name) ? name : undefined), INTERFACE_NAME_RULE);
}

function refuseWhatIsMissing(fields: Fields): void {
  const mode = fields.string('mode');
  if (mode !== '' && mode !== 'bridge') {
    const why = LATER_MODES.includes(mode) ? 'this mode is not there yet' : 'no such mode';
    fields.unsupported('mode', mode, `${why}; use "bridge"`);
  }
  if (fields.boolean('multiTenancy')) {
    fields.unsupported('multiTenancy', true, 'it needs the network configuration of CNS');
  }
  for (const key of ['ipv6Mode', 'serviceCidrs']) {
    const value = fields.string(key);
    if (value !== '') fields.unsupported(key, value, 'pods have IPv4 addresses only');
  }
  const execution = fields.string('executionMode');
  if (execution !== '' && execution !== 'default') {
    fields.unsupported('executionMode', execution, 'use "default"');
  }
  const mac = fields.child('runtimeConfig').string('mac');
  if (mac !== '') fields.unsupported('runtimeConfig.mac', mac, 'the MAC address cannot be chosen');
}

function ipamType(ipam: Fields): string {
  const type = ipam.string('type');
  if (type === '')
    return ipam.invalid('type', 'the name of an IPAM plugin such as "azure-vnet-ipam"', '') ?? '';
  if (type === 'azure-cns')
    return ipam.unsupported('type', type, 'CNS is not there; use "azure-vnet-ipam"') ?? '';
  if (!isPluginName(type)) {
    return ipam.invalid('type', 'a file name without / or ..', type) ?? '';
  }
  return type;
}

function addresses(fields: Fields, key: string) {
  return fields.strings(key).flatMap((text, index) => {
    const address = parseIpv4(text);
    return address ?? fields.invalid(`${key}[${index}]`, 'an IPv4 address', text) ?? [];
  });
}

const LATER_MODES: readonly string[] = ['tunnel', 'transparent', 'transparent-vlan'];
