/**
 * Results of every version: read into one shape, printed as the version wants it. Reading one version and
 * printing another is the conversion that the specification's library performs
 * (https://github.com/containernetworking/cni, pkg/types; SPEC.md "Success" of each version).
 */
import { err, ok, type Result } from '../sys/result.ts';
import { formatIp, formatIpNet, parseIp, parseIpNet } from './address.ts';
import { formatDns, isEmptyDns, readDns } from './dns.ts';
import { Fields, joinProblems, optional } from './fields.ts';
import { isObject, show } from './json.ts';
import type { CniInterface, CniIp, CniResult, CniRoute, CniVersion, JsonObject, JsonValue } from './types.ts';
import { atLeast, isSupported } from './version.ts';

/** A result with nothing in it, such as `null`. */
export const EMPTY_RESULT: CniResult = { interfaces: [], ips: [], routes: [], dns: {} };

/**
 * Reads a result. Without a version of its own it is one of `defaultVersion`, the version of the
 * configuration. The error names the key.
 */
export function parseResult(value: JsonValue, defaultVersion: CniVersion): Result<CniResult, string> {
  if (value === null) return ok(EMPTY_RESULT);
  if (!isObject(value)) return err(`expected an object, got ${show(value)}`);
  const fields = new Fields(value);
  const version = fields.string('cniVersion') || defaultVersion;
  if (!isSupported(version)) return err(`unsupported cniVersion ${show(version)}`);
  const result = atLeast(version, '0.3.0') ? readCurrent(fields) : readLegacy(fields);
  const problem = joinProblems(fields.problems);
  return problem ? err(problem.message) : ok(result);
}

/** The document of a result. Fails for 0.1.0 and 0.2.0 when there is no address: they cannot say so. */
export function formatResult(result: CniResult, version: CniVersion): Result<JsonObject, string> {
  if (!atLeast(version, '0.3.0')) return formatLegacy(result, version);
  const extended = atLeast(version, '1.1.0');
  const dnsAlways = !atLeast(version, '1.0.0');
  return ok({
    cniVersion: version,
    interfaces: filled(result.interfaces.map((item) => formatInterface(item, extended))),
    ips: filled(result.ips.map((ip) => formatAddress(ip, !atLeast(version, '1.0.0')))),
    routes: filled(result.routes.map((route) => formatRoute(route, extended))),
    dns: dnsAlways || !isEmptyDns(result.dns) ? formatDns(result.dns) : undefined,
  });
}

function readCurrent(fields: Fields): CniResult {
  return {
    interfaces: fields.children('interfaces').map(readInterface),
    ips: fields.children('ips').flatMap(readAddress),
    routes: fields.children('routes').flatMap(readRoute),
    dns: readDns(fields.child('dns')),
  };
}

function readInterface(fields: Fields): CniInterface {
  return {
    name: fields.string('name'),
    ...optional('mac', fields.string('mac')),
    ...optional('mtu', fields.count('mtu')),
    ...optional('sandbox', fields.string('sandbox')),
    ...optional('socketPath', fields.string('socketPath')),
    ...optional('pciID', fields.string('pciID')),
  };
}

function readAddress(fields: Fields): CniIp[] {
  const address = required(fields, 'address', parseIpNet, NET);
  const gateway = fields.parsed('gateway', parseIp, ADDRESS);
  const index = fields.count('interface');
  return address ? [{ address, ...optional('gateway', gateway), ...optional('interface', index) }] : [];
}

function readRoute(fields: Fields): CniRoute[] {
  const dst = required(fields, 'dst', parseIpNet, NET);
  const gw = fields.parsed('gw', parseIp, ADDRESS);
  if (dst === undefined) return [];
  const numbers: { [P in (typeof ROUTE_NUMBERS)[number]]?: number } = {};
  for (const key of ROUTE_NUMBERS) Object.assign(numbers, optional(key, fields.count(key)));
  return [{ dst, ...optional('gw', gw), ...numbers }];
}

/** 0.1.0 and 0.2.0: one address of each family, with its routes inside. */
function readLegacy(fields: Fields): CniResult {
  const ips: CniIp[] = [];
  const routes: CniRoute[] = [];
  for (const key of ['ip4', 'ip6']) {
    if (fields.value(key) === undefined) continue;
    const half = fields.child(key);
    const address = required(half, 'ip', parseIpNet, NET);
    const gateway = half.parsed('gateway', parseIp, ADDRESS);
    if (address) ips.push({ address, ...optional('gateway', gateway) });
    routes.push(...half.children('routes').flatMap(readRoute));
  }
  return { interfaces: [], ips, routes, dns: readDns(fields.child('dns')) };
}

function required<T>(
  fields: Fields,
  key: string,
  parse: (text: string) => T | undefined,
  expected: string,
): T | undefined {
  return fields.string(key) === ''
    ? fields.invalid(key, expected, fields.value(key) ?? null)
    : fields.parsed(key, parse, expected);
}

function formatInterface(item: CniInterface, extended: boolean): JsonObject {
  const basic = { name: item.name, mac: item.mac };
  if (!extended) return { ...basic, sandbox: item.sandbox };
  return {
    ...basic,
    mtu: item.mtu,
    sandbox: item.sandbox,
    socketPath: item.socketPath,
    pciID: item.pciID,
  };
}

function formatAddress(ip: CniIp, withVersion: boolean): JsonObject {
  return {
    version: withVersion ? String(ip.address.family) : undefined,
    interface: ip.interface,
    address: formatIpNet(ip.address),
    gateway: ip.gateway && formatIp(ip.gateway),
  };
}

function formatRoute(route: CniRoute, extended: boolean): JsonObject {
  const document: { [key: string]: JsonValue | undefined } = {
    dst: formatIpNet(route.dst),
    gw: route.gw && formatIp(route.gw),
  };
  if (extended) for (const key of ROUTE_NUMBERS) document[key] = route[key];
  return document;
}

/** The first address of each family, and the routes of the families that have one. */
function formatLegacy(result: CniResult, version: CniVersion): Result<JsonObject, string> {
  const half = (family: 4 | 6): JsonObject | undefined => {
    const ip = result.ips.find(({ address }) => address.family === family);
    const routes = result.routes.filter(({ dst }) => dst.family === family);
    return (
      ip && {
        ip: formatIpNet(ip.address),
        gateway: ip.gateway && formatIp(ip.gateway),
        routes: filled(routes.map((route) => formatRoute(route, false))),
      }
    );
  };
  const ip4 = half(4);
  const ip6 = half(6);
  if (!ip4 && !ip6) return err('cannot convert: no valid IP addresses');
  return ok({ cniVersion: version, ip4, ip6, dns: formatDns(result.dns) });
}

function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

const ROUTE_NUMBERS = ['mtu', 'advmss', 'priority', 'table', 'scope'] as const;
const NET = 'an address with its prefix length';
const ADDRESS = 'an address';
