/** STATUS: is there an address for the next ADD? */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { noAddresses } from './exhaustion.ts';
import { Leases } from './leases.ts';
import type { OpenLocal } from './nics.ts';
import { survey } from './survey.ts';
import { withPools } from './with-pools.ts';

/** Fails with NOT_AVAILABLE and the reason that ADD would give. */
export function poolStatus(
  context: PluginContext,
  open: OpenLocal,
  request: CniRequest,
): Result<void, Failure> {
  const ready = withPools(context, open, request, ({ pools, onHost }) => {
    const leases = new Leases(context.sys);
    const surveys = pools.map((pool) => survey(pool, leases, onHost));
    return surveys.some(({ freeCount }) => freeCount > 0) ? ok(undefined) : err(noAddresses(surveys));
  });
  return ready.ok ? ready : err(failure('NOT_AVAILABLE', ready.error.message));
}
