/** CHECK: does the attachment still have its address? */
import type { CniRequest } from '../cni/types.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';
import { describe, Leases } from './leases.ts';

/** Fails with CHECK_FAILED when nothing is leased to the attachment, or not what `prevResult` says. */
export function checkLease(sys: Sys, { env, networkName, prevResult }: CniRequest): Result<void, Failure> {
  const leased = new Leases(sys).addressesOf(env, networkName);
  if (leased.length === 0) {
    return err(failure('CHECK_FAILED', `no address is leased to ${describe(env)}; DEL and ADD it again`));
  }
  const expected = (prevResult?.ips ?? []).flatMap(({ address }) =>
    address.family === 4 ? [address.address] : [],
  );
  if (expected.length === 0 || leased.some((address) => expected.includes(address))) return ok(undefined);
  const [has, should] = [leased, expected].map((list) => list.map(formatIpv4).join(', '));
  return err(
    failure('CHECK_FAILED', `${describe(env)} has the lease of ${has}, but prevResult says ${should}`),
  );
}
