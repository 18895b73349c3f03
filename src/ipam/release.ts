/** DEL: gives back the addresses of one attachment. Lock held. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import { ok, type Result } from '../sys/result.ts';
import { Leases } from './leases.ts';

/** Gives back whatever the attachment to this network has; nothing is fine. */
export function releaseAttachment(
  { sys, log }: PluginContext,
  { env, networkName }: CniRequest,
): Result<void, Failure> {
  const leases = new Leases(sys);
  const addresses = leases.addressesOf(env, networkName);
  for (const address of addresses) leases.release(address);
  if (addresses.length === 0) log.note('info', 'no address is leased to this attachment');
  else log.set('released', addresses.map(formatIpv4).join(','));
  return ok(undefined);
}
