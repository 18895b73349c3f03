/**
 * The configuration of azure-vnet-ipam. Any plugin may delegate to it, so only the keys that it reads
 * itself are looked at. Every key, with its meaning and its errors: config-keys.ts.
 */
import { parseCidr } from '../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import { ABSOLUTE_PATH, DEFAULT_SOURCE_FILE, PATH_SEPARATORS } from '../sys/platform.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { requestedAddress } from './args.ts';
import { interfaceName, isCleanup } from './config.ts';
import { Fields, joinProblems, optional } from './fields.ts';
import type { CniRequest, IpamConfig } from './types.ts';

/** How long an answer of the address source is good when `ipam.queryInterval` does not say. */
export const DEFAULT_QUERY_INTERVAL_MS = 10_000;

/**
 * Reads the `ipam` object, `master`, and the address that the caller asks for. ADD, CHECK and STATUS get
 * every problem in one failure; on DEL and GC a malformed key reads as absent.
 *
 * Failures: INVALID_CONFIG naming the key; UNSUPPORTED_FIELD naming key and value.
 */
export function parseIpamConfig(request: CniRequest): Result<IpamConfig, Failure> {
  if (request.ipamConfig !== undefined) return ok(request.ipamConfig);
  const fields = new Fields(request.config);
  const ipam = fields.child('ipam');
  const space = ipam.string('addressSpace');
  if (space !== '' && space !== 'local') ipam.unsupported('addressSpace', space, 'use "local"');
  const ipAddress = ipam.parsed('ipAddress', parseIpv4, 'an IPv4 address');
  const environment = source(ipam);
  const config: IpamConfig = {
    environment,
    ...optional('subnet', ipam.parsed('subnet', parseCidr, 'an IPv4 network such as 10.240.0.0/16')),
    ...optional('ipAddress', ipAddress),
    queryIntervalMs: queryIntervalMs(ipam),
    ...optional('queryUrl', ipam.parsed('queryUrl', httpUrl, 'http://<IPv4 address>[:port]/<path>')),
    sourceFile: ipam.parsed('sourceFile', absolutePath, 'an absolute path without ..') ?? DEFAULT_SOURCE_FILE,
    ...optional('master', interfaceName(fields, 'master')),
    ...optional('requested', requested(request, fields) ?? ipAddress),
  };
  const problem = joinProblems(fields.problems);
  return problem && !isCleanup(request) ? err(problem) : ok(config);
}

function source(ipam: Fields): IpamConfig['environment'] {
  const environment = ipam.string('environment');
  if (environment === 'mas' || environment === 'fileIpam') return 'file';
  if (environment !== '' && environment !== 'azure') {
    ipam.unsupported('environment', environment, 'use "azure", "mas" or "fileIpam"');
  }
  return 'azure';
}

/** Seconds, as a number or as text; what is not a number above 0 means the default, as ever. */
function queryIntervalMs(ipam: Fields): number {
  const value = ipam.value('queryInterval') ?? '';
  if (typeof value !== 'string' && typeof value !== 'number') {
    ipam.invalid('queryInterval', 'seconds', value);
    return DEFAULT_QUERY_INTERVAL_MS;
  }
  const seconds = typeof value === 'number' || /^\+?\d{1,9}$/.test(value) ? Number(value) : 0;
  return seconds > 0 ? seconds * 1000 : DEFAULT_QUERY_INTERVAL_MS;
}

/** CNI_ARGS, then args.cni.ips, then runtimeConfig.ips: the later wins (CONVENTIONS.md). */
function requested(request: CniRequest, fields: Fields): Ipv4 | undefined {
  return (
    oneAddress(fields.child('runtimeConfig')) ??
    oneAddress(fields.child('args').child('cni')) ??
    request.env.args.ip
  );
}

function oneAddress(owner: Fields): Ipv4 | undefined {
  const [first, ...more] = owner.strings('ips').filter((text) => text !== '');
  if (first === undefined) return undefined;
  if (more.length > 0) {
    return owner.unsupported('ips', [first, ...more], 'an interface has one address');
  }
  return requestedAddress(first) ?? owner.invalid('ips[0]', 'an IPv4 address', first);
}

/** No names: there is no resolver in a plugin, and none is wanted on the way to an address. */
function httpUrl(text: string): string | undefined {
  const match = /^http:\/\/([0-9.]+)(?::(\d{1,5}))?(\/[\x21-\x7e]*)?$/.exec(text);
  const port = Number(match?.[2] ?? 80);
  return parseIpv4(match?.[1] ?? '') !== undefined && port >= 1 && port <= 65535 ? text : undefined;
}

function absolutePath(text: string): string | undefined {
  const usable =
    ABSOLUTE_PATH.test(text) && !text.includes('\0') && !text.split(PATH_SEPARATORS).includes('..');
  return usable ? text : undefined;
}
