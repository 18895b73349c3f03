/**
 * Endpoint policies as values: those of `AdditionalArgs`, port mappings and loopback, before they are written for
 * HNS of version 1 (policies-v1.ts) or 2 (policies-v2.ts).
 */
import { Fields } from '../cni/fields.ts';
import { isObject, lookup } from '../cni/json.ts';
import { type Cidr, formatCidr } from '../net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import type { JsonObject, JsonValue } from '../sys/json.ts';
import type { PortMapping } from './port-mappings.ts';

export type EndpointPolicy =
  /** SNAT: traffic leaves with the address of the node, except to `exceptions`, or only to `destinations`. */
  | {
      readonly kind: 'outbound-nat';
      readonly virtualIp?: string;
      readonly exceptions: readonly string[];
      readonly destinations: readonly string[];
    }
  | { readonly kind: 'port'; readonly mapping: PortMapping }
  /** From the configuration, as it came. */
  | { readonly kind: RawKind; readonly value: JsonObject };

type RawKind = 'route' | 'proxy' | 'port-mapping' | 'acl' | 'other';

export interface AdditionalPolicies {
  readonly endpoint: readonly EndpointPolicy[];
  readonly network: readonly JsonObject[];
}

/**
 * Reads `AdditionalArgs`: entries whose name contains `Policy` are policies, their name is the class and their
 * value goes to HNS. Other entries, and other classes, are nobody's.
 */
export function readAdditionalArgs(fields: Fields): AdditionalPolicies {
  const endpoint: EndpointPolicy[] = [];
  const network: JsonObject[] = [];
  for (const [index, item] of fields.children('AdditionalArgs').entries()) {
    const name = item.string('name');
    if (!name.includes('Policy')) continue;
    const value = item.value('value') ?? null;
    if (!isObject(value)) {
      fields.invalid(`AdditionalArgs[${index}].value`, 'an object', value);
      continue;
    }
    if (name === 'EndpointPolicy') endpoint.push(endpointPolicy(fields, index, value));
    else if (name === 'NetworkPolicy') network.push(value);
  }
  return { endpoint, network };
}

/** The kind by the value, in this order: `Type` first, then whether there is an `Action`. */
function endpointPolicy(fields: Fields, index: number, value: JsonObject): EndpointPolicy {
  const type = lookup(value, 'Type');
  if (type === 'OutBoundNAT' && lookup(value, 'Settings') === undefined) {
    const own = new Fields(value, `AdditionalArgs[${index}].value.`, fields.problems);
    const virtualIp = own.string('VIP');
    return {
      kind: 'outbound-nat',
      ...(virtualIp === '' ? {} : { virtualIp }),
      exceptions: own.strings('ExceptionList'),
      destinations: own.strings('Destinations'),
    };
  }
  return { kind: rawKind(type, value), value };
}

function rawKind(type: JsonValue | undefined, value: JsonObject): RawKind {
  if (type === 'ROUTE') return 'route';
  if (type === 'L4WFPPROXY') return 'proxy';
  if (type === 'PortMapping') return 'port-mapping';
  return lookup(value, 'Action') === undefined ? 'other' : 'acl';
}

/**
 * What every endpoint gets on Windows when the configuration has no such policy: SNAT for everything outside its
 * subnet. That is the rule of the platform; its ranges cannot be chosen.
 */
export function automaticSnat(subnet: Cidr): EndpointPolicy {
  return { kind: 'outbound-nat', exceptions: [formatCidr(subnet)], destinations: [] };
}

/** A pod that reaches itself through a service comes back with the address of the node. */
export function loopbackDsr(address: Ipv4): EndpointPolicy {
  return { kind: 'outbound-nat', exceptions: [], destinations: [formatIpv4(address)] };
}

export function hasSnat(policies: readonly EndpointPolicy[]): boolean {
  return policies.some(
    (policy) =>
      (policy.kind === 'outbound-nat' && policy.destinations.length === 0) ||
      (policy.kind === 'other' && lookup(policy.value, 'Type') === 'OutBoundNAT'),
  );
}
