/**
 * The address source behind a cache on disk, so that a burst of pods costs one query and an outage none.
 *
 *   ipam/sources/<name>          the pools of the last good answer, and when it came
 *   ipam/sources/<name>@asked    when the source was last asked: who comes next does not ask as well
 *
 * A failing, malformed or empty answer never replaces a good one. Nothing here holds the lock: a query
 * may take as long as its deadline.
 */
import type { IpamConfig, PluginContext } from '../cni/types.ts';
import { IPAM_DIR, recordName } from '../state/paths.ts';
import { readParsed, readRecord, setAside } from '../state/records.ts';
import type { Failure } from '../sys/failure.ts';
import type { JsonObject } from '../sys/json.ts';
import { broken, ok, type Result } from '../sys/result.ts';
import type { LocalLinks } from './nics.ts';
import { poolFromJson } from './pool-record.ts';
import type { Pool } from './pools.ts';
import { refreshPools } from './refresh.ts';
import { WIRESERVER_URL } from './wireserver.ts';

export const SOURCES_DIR = `${IPAM_DIR}/sources`;

/** How long a source that has just been asked is left alone while there is an older answer. */
export const RETRY_AFTER_MS = 5000;

export interface PoolList {
  readonly pools: readonly Pool[];
  /** When the answer came, milliseconds since 1970. */
  readonly fetchedMs: number;
  /** Fetched by this call. */
  readonly isNew: boolean;
}

/**
 * The pools, not older than `maxAgeMs` where the source allows. When it does not answer usefully, the last
 * good answer of any age is used, with a note.
 *
 * Fails with SOURCE_UNAVAILABLE when there is none.
 */
export function currentPools(
  context: PluginContext,
  config: IpamConfig,
  local: LocalLinks,
  maxAgeMs: number,
): Result<PoolList, Failure> {
  const name = sourceName(config);
  const path = `${SOURCES_DIR}/${recordName(name)}`;
  const cached = readCache(context, path, name);
  const now = context.sys.realtimeMs();
  if (cached !== undefined && isWithin(now, cached.fetchedMs, maxAgeMs)) return ok(cached);
  if (cached !== undefined) {
    const justAsked = isWithin(now, readAsked(context, path), Math.min(maxAgeMs, RETRY_AFTER_MS));
    if (justAsked) return ok(cached);
  }
  return refreshPools(context, config, local, { path, cached });
}

/** The URL or path of the source, which keys its answer. */
function sourceName({ environment, queryUrl, sourceFile }: IpamConfig): string {
  if (environment === 'azure') return queryUrl ?? WIRESERVER_URL;
  if (sourceFile === undefined) broken('a file source without its path');
  return sourceFile;
}

function readCache({ sys, log }: PluginContext, path: string, name: string): PoolList | undefined {
  const found = readParsed(sys, log, path, (value) => {
    const list = poolListOf(value);
    return list && { list, source: value.source };
  });
  // A shortened file name may be that of another source.
  return found?.source === name ? found.list : undefined;
}

function poolListOf({ fetchedMs, pools: list }: JsonObject): PoolList | undefined {
  const pools = Array.isArray(list) ? list.map(poolFromJson) : [undefined];
  if (typeof fetchedMs !== 'number') return undefined;
  const whole = pools.filter((pool) => pool !== undefined);
  return whole.length === pools.length ? { pools: whole, fetchedMs, isNew: false } : undefined;
}

function readAsked({ sys, log }: PluginContext, path: string): number {
  const read = readRecord(sys, `${path}@asked`);
  if (read.state === 'corrupt') setAside(sys, `${path}@asked`, log, read.reason);
  return read.state === 'ok' && typeof read.value.askedMs === 'number' ? read.value.askedMs : 0;
}

/** False also for a time in the future: the clock was set back. */
function isWithin(nowMs: number, thenMs: number, limitMs: number): boolean {
  return nowMs >= thenMs && nowMs - thenMs < limitMs;
}
