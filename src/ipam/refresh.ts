/** Asks the address source, when the answer of last time is too old or there is none (cache.ts). */
import type { IpamConfig, PluginContext } from '../cni/types.ts';
import { writeRecord } from '../state/records.ts';
import { type Failure, failure } from '../sys/failure.ts';
import type { JsonObject } from '../sys/json.ts';
import { broken, err, ok, type Result } from '../sys/result.ts';
import { SysError } from '../sys/sys.ts';
import type { PoolList } from './cache.ts';
import { fileSource } from './file-source.ts';
import type { LocalLinks } from './nics.ts';
import { poolToJson } from './pool-record.ts';
import { type Pool, poolsOf } from './pools.ts';
import { type AddressSource, readInterfaces } from './source.ts';
import { wireserver } from './wireserver.ts';

/** What is on disk of the source: the path of its record, and the answer in it. */
export interface CachedAnswer {
  readonly path: string;
  readonly cached: PoolList | undefined;
}

/**
 * The answer of the source, which is kept for the next calls; when it does not answer usefully, the last
 * good one of any age, with a note. Fails with SOURCE_UNAVAILABLE when there is none.
 */
export function refreshPools(
  context: PluginContext,
  config: IpamConfig,
  local: LocalLinks,
  { path, cached }: CachedAnswer,
): Result<PoolList, Failure> {
  const { sys, log } = context;
  const source = sourceOf(config);
  const now = sys.realtimeMs();
  if (cached !== undefined) write(context, `${path}@asked`, { askedMs: now });
  const answer = log.step('ask address source', () => ask(context, source, local, cached?.pools ?? []));
  if (answer.ok) {
    const fresh = { pools: answer.value, fetchedMs: sys.realtimeMs(), isNew: true };
    write(context, path, {
      source: source.name,
      fetchedMs: fresh.fetchedMs,
      pools: fresh.pools.map(poolToJson),
    });
    return ok(fresh);
  }
  if (cached === undefined) {
    const text = `Invalid address space: address source ${source.name} gave no addresses: ${answer.error}`;
    return err(failure('SOURCE_UNAVAILABLE', `${text}; nothing is cached, so it must answer first`));
  }
  const ageS = Math.round((now - cached.fetchedMs) / 1000);
  log.note('warn', `address source ${source.name}: ${answer.error}; its answer of ${ageS} s ago is used`);
  return ok(cached);
}

function ask(
  { sys, log }: PluginContext,
  source: AddressSource,
  local: LocalLinks,
  previous: readonly Pool[],
): Result<readonly Pool[], string> {
  const raw = source.fetch(sys);
  return raw.ok ? poolsOf(readInterfaces(raw.value, log), local, previous, log) : raw;
}

function sourceOf({ environment, queryUrl, sourceFile }: IpamConfig): AddressSource {
  if (environment === 'azure') return wireserver(queryUrl);
  if (sourceFile === undefined) broken('a file source without its path');
  return fileSource(sourceFile);
}

/** The answer is good also when it cannot be kept. */
function write({ sys, log }: PluginContext, path: string, value: JsonObject): void {
  try {
    writeRecord(sys, path, value);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    log.note('warn', `the answer of the address source cannot be kept: ${error.message}`);
  }
}
