/** Which DNS settings a network and its endpoints get on Windows. */
import type { Fields } from '../cni/fields.ts';
import type { CniDns } from '../cni/types.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';

export interface DnsSettings {
  readonly servers: readonly string[];
  /** Search list; HNS of version 1 takes it joined by commas. */
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** Of a network only. */
  readonly domain?: string;
}

/** `runtimeConfig.dns`: what the runtime knows of the pod, when the plugin declares the capability `dns`. */
export interface RuntimeDns {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export function readRuntimeDns(fields: Fields): RuntimeDns {
  return {
    servers: fields.strings('servers'),
    searches: fields.strings('searches'),
    options: fields.strings('options'),
  };
}

/**
 * The settings of an endpoint: the runtime's, else the configuration's, which has servers and search list or
 * neither, with the pod's namespace before the first of them, else those of IPAM.
 */
export function endpointDns(
  runtime: RuntimeDns,
  configured: CniDns,
  podNamespace: string | undefined,
  ipam: CniDns,
): Result<DnsSettings, Failure> {
  if (runtime.servers.length > 0 || runtime.searches.length > 0) {
    return ok({ servers: runtime.servers, search: runtime.searches, options: runtime.options });
  }
  const { nameservers = [], search = [], options = [] } = configured;
  if (nameservers.length > 0 !== search.length > 0) {
    const text = `Wrong DNS configuration: ${JSON.stringify(configured)}; on Windows nameservers and search go together`;
    return err(failure('INVALID_CONFIG', text));
  }
  if (nameservers.length === 0) return ok(settingsOf(ipam));
  const [first = '', ...more] = search;
  const own = podNamespace === undefined || podNamespace === '' ? first : `${podNamespace}.${first}`;
  return ok({ servers: nameservers, search: [own, ...more], options });
}

/** The settings of the network: the configuration's when it names servers, else those of IPAM. */
export function networkDns(configured: CniDns, ipam: CniDns): DnsSettings {
  const { nameservers = [], domain } = configured;
  if (nameservers.length === 0) return settingsOf(ipam);
  return { servers: nameservers, search: [], options: [], ...(domain === undefined ? {} : { domain }) };
}

/** As the result of ADD tells the runtime. */
export function dnsOfResult({ servers, search, options }: DnsSettings): CniDns {
  return {
    ...(servers.length === 0 ? {} : { nameservers: servers }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
}

function settingsOf({ nameservers = [], search = [], options = [], domain }: CniDns): DnsSettings {
  const suffixes = search.length > 0 ? search : domain === undefined ? [] : [domain];
  return { servers: nameservers, search: suffixes, options };
}
