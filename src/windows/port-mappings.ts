/** `runtimeConfig.portMappings`: on Windows the network plugin itself makes them, as policies of the endpoint. */
import { parseIp } from '../cni/address.ts';
import type { Fields } from '../cni/fields.ts';
import type { JsonObject } from '../sys/json.ts';

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
  /** Absent: every address of the host. */
  readonly hostIp?: string;
  readonly family: 4 | 6;
}

/**
 * Reads the mappings. Where pods have both families, one without an address of the host is made for each.
 * A malformed one is a problem of `fields`.
 */
export function readPortMappings(fields: Fields, isDualStack: boolean): readonly PortMapping[] {
  return fields.children('portMappings').flatMap((item) => readOne(item, isDualStack));
}

function readOne(item: Fields, isDualStack: boolean): PortMapping[] {
  const hostPort = port(item, 'hostPort');
  const containerPort = port(item, 'containerPort');
  const protocol = item.string('protocol').toLowerCase() || 'tcp';
  if (protocol !== 'tcp' && protocol !== 'udp') {
    item.unsupported('protocol', protocol, 'HNS maps ports of tcp and udp');
    return [];
  }
  const text = item.string('hostIP');
  const ip = text === '' ? undefined : parseIp(text);
  if (text !== '' && ip === undefined) item.invalid('hostIP', 'an address', text);
  if (hostPort === undefined || containerPort === undefined) return [];
  const mapping = { hostPort, containerPort, protocol } as const;
  if (ip !== undefined && !UNSPECIFIED.includes(text))
    return [{ ...mapping, hostIp: text, family: ip.family }];
  const families = ip !== undefined ? [ip.family] : isDualStack ? ([4, 6] as const) : ([4] as const);
  return families.map((family) => ({ ...mapping, family }));
}

function port(item: Fields, key: string): number | undefined {
  const value = item.value(key) ?? null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PORT) return value;
  return item.invalid(key, `a port, 1 to ${MAX_PORT}`, value);
}

/** Settings of a PortMapping policy of version 2; keys in the order of the schema, empty ones left out. */
export function portMappingSettings({
  hostPort,
  containerPort,
  protocol,
  hostIp,
  family,
}: PortMapping): JsonObject {
  return {
    Protocol: PROTOCOL_NUMBERS[protocol],
    InternalPort: containerPort,
    ExternalPort: hostPort,
    ...(hostIp === undefined ? {} : { VIP: hostIp }),
    Flags: family === 4 ? LOCAL_ROUTED_VIP : IPV6_MAPPING,
  };
}

/** IANA protocol numbers. */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;
/** NatFlags of HCN: the host itself reaches the port as well; the mapping is of IPv6. */
const LOCAL_ROUTED_VIP = 1;
const IPV6_MAPPING = 2;
const MAX_PORT = 65_535;
/** They mean no address. */
const UNSPECIFIED = ['0.0.0.0', '::'];
