/**
 * CNI_ARGS: `KEY=value` pairs separated by semicolons, in any order (CONVENTIONS.md, "CNI_ARGS"; the
 * rules are those of pkg/types.LoadArgs of the specification's library). All keys are optional: podman,
 * ctr and docker users send few or none.
 */
import { parseIpv4Net } from '../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { optional } from './fields.ts';
import type { CniArgs } from './types.ts';

export function parseCniArgs(text: string): Result<CniArgs, Failure> {
  const values = new Map<string, string>();
  const unknown: string[] = [];
  for (const pair of text === '' ? [] : text.split(';')) {
    const [key = '', value, more] = pair.split('=');
    if (value === undefined || more !== undefined) return malformed(`invalid pair ${JSON.stringify(pair)}`);
    if (KNOWN.has(key)) values.set(key, value);
    else unknown.push(pair);
  }
  const ignore = (values.get('IgnoreUnknown') ?? '0').toLowerCase();
  if (!/^(0|1|true|false)$/.test(ignore)) {
    return malformed(`error parsing value of pair ${JSON.stringify(`IgnoreUnknown=${ignore}`)}`);
  }
  if (unknown.length > 0 && ignore !== '1' && ignore !== 'true') {
    const list = unknown.map((pair) => JSON.stringify(pair)).join(' ');
    return malformed(`unknown args [${list}]; IgnoreUnknown=1 accepts them`);
  }
  const requested = values.get('IP') ?? '';
  const ip = requestedAddress(requested);
  if (requested !== '' && ip === undefined) {
    return malformed(`error parsing value of pair "IP=${requested}": expected an IPv4 address`);
  }
  return ok({
    ...optional('ip', ip),
    ...optional('podName', values.get('K8S_POD_NAME')),
    ...optional('podNamespace', values.get('K8S_POD_NAMESPACE')),
    ...optional('podInfraContainerId', values.get('K8S_POD_INFRA_CONTAINER_ID')),
  });
}

/** Reads `10.240.0.9` or `10.240.0.9/16`. */
export function requestedAddress(text: string): Ipv4 | undefined {
  return parseIpv4(text) ?? parseIpv4Net(text)?.address;
}

function malformed(message: string): Result<never, Failure> {
  return err(failure('BAD_ENVIRONMENT', `CNI_ARGS: ${message}`));
}

const KNOWN = new Set([
  'IgnoreUnknown',
  'IP',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_INFRA_CONTAINER_ID',
  'K8S_POD_UID',
]);
