/** GC: gives back the addresses that no valid attachment claims. Lock held. */
import type { Attachment, CniRequest, PluginContext } from '../cni/types.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { SysError } from '../sys/sys.ts';
import { describe, Leases } from './leases.ts';

/**
 * Gives back every address of the request's network that belongs to none of its valid attachments. Goes
 * on after an error; fails with GC_INCOMPLETE listing what is left.
 */
export function releaseInvalid({ sys, log }: PluginContext, request: CniRequest): Result<void, Failure> {
  const leases = new Leases(sys);
  leases.tidy();
  const valid = new Set(request.validAttachments.map(keyOf));
  const released: string[] = [];
  const problems: string[] = [];
  for (const { address, attachment, network } of [...leases.all()]) {
    if (valid.has(keyOf(attachment))) continue;
    if (network === undefined) {
      log.note('warn', `${formatIpv4(address)} of ${describe(attachment)} stays: its lease is damaged`);
    }
    if (network !== request.networkName) continue;
    try {
      leases.release(address);
      released.push(formatIpv4(address));
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      problems.push(`${formatIpv4(address)} of ${describe(attachment)}: ${error.message}`);
    }
  }
  if (released.length > 0) log.set('released', released.join(','));
  if (problems.length === 0) return ok(undefined);
  return err(failure('GC_INCOMPLETE', `addresses could not be given back: ${problems.join('; ')}`));
}

function keyOf({ containerId, ifname }: Attachment): string {
  return `${containerId}\0${ifname}`;
}
