/** The `dns` object of configurations and results (SPEC.md "dns"). */
import { type Fields, optional } from './fields.ts';
import type { CniDns, JsonObject } from './types.ts';

export function readDns(fields: Fields): CniDns {
  return {
    ...optional('nameservers', filled(fields.strings('nameservers'))),
    ...optional('domain', fields.string('domain')),
    ...optional('search', filled(fields.strings('search'))),
    ...optional('options', filled(fields.strings('options'))),
  };
}

/** In the order in which the specification lists the keys. */
export function formatDns(dns: CniDns): JsonObject {
  return {
    nameservers: dns.nameservers,
    domain: dns.domain,
    search: dns.search,
    options: dns.options,
  };
}

export function isEmptyDns(dns: CniDns): boolean {
  return Object.keys(dns).length === 0;
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}
