/** What ADD and STATUS share: the pools that a configuration allows, and newer ones when they will not do. */
import { parseIpamConfig } from '../cni/ipam-config.ts';
import type { CniRequest, IpamConfig, PluginContext } from '../cni/types.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import type { Result } from '../sys/result.ts';
import { currentPools, type PoolList } from './cache.ts';
import type { OpenLocal } from './nics.ts';
import { candidatePools, type Pool } from './pools.ts';

/** When nothing fits, an answer older than this is fetched anew before giving up. */
export const REFRESH_EARLY_MS = 1000;

export interface Situation {
  readonly config: IpamConfig;
  /** The pools that the configuration allows, at least one. */
  readonly pools: readonly Pool[];
  /** Everything that the source has named. */
  readonly list: PoolList;
  /** Addresses that the host has itself. */
  readonly onHost: ReadonlySet<Ipv4>;
}

/** Runs `work` with the pools; once more with newer ones when it fails for lack of a suitable address. */
export function withPools<T>(
  context: PluginContext,
  open: OpenLocal,
  request: CniRequest,
  work: (situation: Situation) => Result<T, Failure>,
): Result<T, Failure> {
  const parsed = parseIpamConfig(request);
  if (!parsed.ok) return parsed;
  const config = parsed.value;
  const local = open(context.sys);
  try {
    const onHost = local.addresses();
    const attempt = (list: PoolList): Result<T, Failure> => {
      const pools = candidatePools(list.pools, config);
      return pools.ok ? work({ config, pools: pools.value, list, onHost }) : pools;
    };
    const list = currentPools(context, config, local, config.queryIntervalMs);
    if (!list.ok) return list;
    const first = attempt(list.value);
    if (first.ok || list.value.isNew || !REFRESHABLE.includes(first.error.code)) return first;
    // Without a pool at all the answer may be young and yet be wrong: a NIC was renamed.
    const maxAgeMs = first.error.code === 'NO_POOL' ? 0 : REFRESH_EARLY_MS;
    const newer = currentPools(context, config, local, maxAgeMs);
    return newer.ok && newer.value.isNew ? attempt(newer.value) : first;
  } finally {
    local.close();
  }
}

const REFRESHABLE: readonly Failure['code'][] = [
  'NO_POOL',
  'POOL_EMPTY',
  'POOL_EXHAUSTED',
  'ADDRESS_UNAVAILABLE',
];
