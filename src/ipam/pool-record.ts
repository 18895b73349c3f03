/**
 * Pools as they are cached on disk. Addresses are runs, `first, count, first, count …` with the first as a 32-bit
 * number: those of a NIC usually lie side by side, and every ADD reads them.
 */
import { formatCidr, gatewayOf, parseCidr } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { parseMac } from '../net/mac.ts';
import type { JsonObject, JsonValue } from '../sys/json.ts';
import type { Pool } from './pools.ts';

export function poolToJson({ subnet, nic, isPrimary, addresses }: Pool): JsonObject {
  return { subnet: formatCidr(subnet), nic: { ...nic }, isPrimary, addresses: runsOf(addresses) };
}

/** Undefined when a field is missing or malformed. */
export function poolFromJson(value: JsonValue | undefined): Pool | undefined {
  const { subnet: cidr, nic: where, isPrimary, addresses: runs } = objectOf(value);
  const { index, name, mac: macText } = objectOf(where);
  const subnet = typeof cidr === 'string' ? parseCidr(cidr) : undefined;
  const gateway = subnet && gatewayOf(subnet);
  const mac = typeof macText === 'string' ? parseMac(macText) : undefined;
  if (subnet === undefined || gateway === undefined || mac === undefined) return undefined;
  const addresses = addressesOf(runs);
  if (typeof index !== 'number' || typeof name !== 'string' || addresses === undefined) return undefined;
  return { subnet, gateway, nic: { index, name, mac }, isPrimary: isPrimary === true, addresses };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function runsOf(addresses: readonly Ipv4[]): number[] {
  const runs: number[] = [];
  let next = -1;
  for (const address of addresses) {
    if (address === next) runs.push((runs.pop() ?? 0) + 1);
    else runs.push(address, 1);
    next = address + 1;
  }
  return runs;
}

/** More than a source can name within the limits of its answer. */
const MAX_ADDRESSES = 65_536;

/** Undefined for what are no runs. */
function addressesOf(runs: JsonValue | undefined): Ipv4[] | undefined {
  if (!Array.isArray(runs)) return undefined;
  const addresses: Ipv4[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const [first, end] = [runs[i], runs[i] + runs[i + 1]];
    if (
      first >>> 0 !== first ||
      !(Number.isInteger(end) && end > first && end <= 2 ** 32 && end - first <= MAX_ADDRESSES)
    )
      return undefined;
    for (let address = first; address < end; address++) addresses.push(address as Ipv4);
  }
  return addresses;
}
