/** The pools as the last good answer of an address source has them, and what is free in each. */
import { REST_MS } from '../../ipam/allocate.ts';
import { SOURCES_DIR } from '../../ipam/cache.ts';
import { Leases } from '../../ipam/leases.ts';
import { poolFromJson } from '../../ipam/pool-record.ts';
import type { Pool } from '../../ipam/pools.ts';
import { formatCidr } from '../../net/cidr.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import { listRecords, readRecord } from '../../state/records.ts';
import type { Sys } from '../../sys/sys.ts';

export interface KnownPool {
  readonly pool: Pool;
  /** URL or path of the source that named it. */
  readonly source: string;
  readonly fetchedMs: number;
}

/** A pool and where its addresses are: the four counts add up to its size. */
export interface PoolFacts extends KnownPool {
  readonly leased: readonly Ipv4[];
  /** Released not long ago: given out again only when nothing else is free. */
  readonly resting: readonly Ipv4[];
  readonly free: readonly Ipv4[];
  /** On the host's own interfaces, and so for no pod. */
  readonly onHost: readonly Ipv4[];
}

export function readPools(
  sys: Sys,
  hostAddresses: ReadonlySet<Ipv4>,
): { readonly pools: PoolFacts[]; readonly damaged: string[] } {
  const damaged: string[] = [];
  const newest = new Map<string, KnownPool>();
  for (const name of listRecords(sys, SOURCES_DIR)) {
    if (name.endsWith('@asked')) continue;
    const known = readSource(sys, `${SOURCES_DIR}/${name}`);
    if (known === undefined) damaged.push(`${SOURCES_DIR}/${name}`);
    for (const found of known ?? []) {
      const key = `${formatCidr(found.pool.subnet)} ${found.pool.nic.name}`;
      const other = newest.get(key);
      if (other === undefined || other.fetchedMs < found.fetchedMs) newest.set(key, found);
    }
  }
  const leases = new Leases(sys);
  const nowMs = sys.realtimeMs();
  return { pools: [...newest.values()].map((known) => divide(known, leases, hostAddresses, nowMs)), damaged };
}

function readSource(sys: Sys, path: string): KnownPool[] | undefined {
  const read = readRecord(sys, path);
  if (read.state === 'missing') return [];
  const { source, fetchedMs, pools } = read.state === 'ok' ? read.value : {};
  if (typeof source !== 'string' || typeof fetchedMs !== 'number' || !Array.isArray(pools)) return undefined;
  return pools.flatMap((value) => {
    const pool = poolFromJson(value);
    return pool === undefined ? [] : [{ pool, source, fetchedMs }];
  });
}

function divide(
  known: KnownPool,
  leases: Leases,
  hostAddresses: ReadonlySet<Ipv4>,
  nowMs: number,
): PoolFacts {
  const parts = { leased: [] as Ipv4[], resting: [] as Ipv4[], free: [] as Ipv4[], onHost: [] as Ipv4[] };
  for (const address of known.pool.addresses) {
    const state = leases.stateOf(address);
    if (state === 'leased') parts.leased.push(address);
    else if (hostAddresses.has(address)) parts.onHost.push(address);
    else if (typeof state === 'object' && nowMs - state.sinceMs < REST_MS) parts.resting.push(address);
    else parts.free.push(address);
  }
  return { ...known, ...parts };
}
