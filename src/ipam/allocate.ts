/**
 * Gives an address to an attachment. Never used addresses first, ascending; then the one that was released
 * longest ago, so that neighbours, connections and names of the pod before have time to be forgotten.
 */
import type { Attachment, PluginContext } from '../cni/types.ts';
import { cidrContains } from '../net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { noAddresses } from './exhaustion.ts';
import { noteHostAddresses } from './host-addresses.ts';
import type { LeaseFacts, Leases } from './leases.ts';
import { describePool, type Pool } from './pools.ts';
import { heldAlready, takeable } from './requested.ts';
import { type Survey, survey } from './survey.ts';

/** A released address is not given out again for this long while there are others. */
export const REST_MS = 30_000;

export interface AllocationRequest {
  readonly attachment: Attachment;
  readonly facts: Omit<LeaseFacts, 'pool'>;
  readonly requested?: Ipv4;
  /** Addresses that the host has itself. */
  readonly onHost: ReadonlySet<Ipv4>;
}

export interface Allocation {
  readonly address: Ipv4;
  readonly pool: Pool;
}

/**
 * The address of the attachment: the one it has, else a free one of these pools, which is then on disk as
 * its own. The lock is held.
 *
 * Failures: POOL_EXHAUSTED, POOL_EMPTY; ADDRESS_UNAVAILABLE for a requested address.
 */
export function allocate(
  { sys, log }: PluginContext,
  leases: Leases,
  pools: readonly Pool[],
  request: AllocationRequest,
): Result<Allocation, Failure> {
  leases.tidy();
  const held = heldBy(leases, pools, request);
  if (held !== undefined) {
    return request.requested === undefined || request.requested === held.address
      ? ok(held)
      : heldAlready(held.address, request.requested, request.attachment);
  }
  const chosen =
    request.requested === undefined
      ? chooseFree(pools, leases, request.onHost, { sys, log })
      : takeable(pools, leases, request.requested, request.onHost);
  if (!chosen.ok) return chosen;
  const { address, pool } = chosen.value;
  const state = leases.stateOf(address);
  const restedMs = typeof state === 'object' ? sys.realtimeMs() - state.sinceMs : REST_MS;
  if (restedMs < REST_MS) {
    const rested = `${(restedMs / 1000).toFixed(0)} s`;
    log.note('info', `${formatIpv4(address)} was released ${rested} ago; no other address is free`);
  }
  leases.take(address, request.attachment, { ...request.facts, pool: describePool(pool) });
  return chosen;
}

/** The address that the attachment has already, also when its ipconfig has gone meanwhile. */
function heldBy(
  leases: Leases,
  pools: readonly Pool[],
  { attachment, facts }: AllocationRequest,
): Allocation | undefined {
  for (const address of leases.addressesOf(attachment, facts.network)) {
    const pool =
      pools.find(({ addresses }) => addresses.includes(address)) ??
      pools.find(({ subnet }) => cidrContains(subnet, address));
    if (pool !== undefined) return { address, pool };
  }
  return undefined;
}

function chooseFree(
  pools: readonly Pool[],
  leases: Leases,
  onHost: ReadonlySet<Ipv4>,
  { sys, log }: PluginContext,
): Result<Allocation, Failure> {
  const nowMs = sys.realtimeMs();
  const surveys = pools.map((pool) => survey(pool, leases, onHost));
  for (const found of surveys) noteHostAddresses(found, log);
  const rank = ({ unused, oldest }: Survey): number => {
    if (unused !== undefined) return 0;
    if (oldest === undefined) return 2;
    return nowMs - oldest.sinceMs >= REST_MS ? 0 : 1;
  };
  const [best] = [...surveys].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      Number(b.pool.isPrimary) - Number(a.pool.isPrimary) ||
      b.freeCount - a.freeCount ||
      a.pool.nic.index - b.pool.nic.index,
  );
  const address = best?.unused ?? best?.oldest?.address;
  return best === undefined || address === undefined
    ? err(noAddresses(surveys))
    : ok({ address, pool: best.pool });
}
