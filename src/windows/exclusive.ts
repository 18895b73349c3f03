/**
 * Locks of Windows beside the state lock, which is never held across a call to HNS: one for each attachment, so that
 * ADD, DEL and whoever cleans up after them do not meet, and one for the making of networks. A fixed number of files
 * under locks/, none ever removed; the kernel releases the lock of a process that dies.
 */
import type { PluginContext } from '../cni/types.ts';
import { withDirectory } from '../state/files.ts';
import { STATE_ROOT } from '../state/paths.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';

const LOCKS_DIR = `${STATE_ROOT}/locks`;
/** Attachments that share a file wait for each other; with 250 pods that is rare. */
const LOCK_FILES = 64;
export const NETWORK_LOCK = 'network';

/** The lock of an attachment; those that share an endpoint have that of its infra container. */
export function lockOfAttachment(network: string, containerId: string, ifname: string): string {
  let hash = 0x811c9dc5;
  for (const character of `${network}\0${containerId}\0${ifname}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return String(hash % LOCK_FILES);
}

/** Runs `work` while no other process has the lock. Fails with LOCK_TIMEOUT after `timeoutMs`. */
export function exclusively<T>(
  { sys, log }: PluginContext,
  lock: string,
  timeoutMs: number,
  work: () => T,
): Result<T, Failure> {
  const path = `${LOCKS_DIR}/${lock}`;
  const fd = withDirectory(sys, LOCKS_DIR, () =>
    sys.open(path, { read: true, write: true, create: true, noFollow: true }),
  );
  try {
    if (
      log.step(`wait for ${lock === NETWORK_LOCK ? 'network' : 'endpoint'}`, () => sys.lock(fd, timeoutMs))
    ) {
      return ok(work());
    }
    const text = `timed out: another call for the same ${lock === NETWORK_LOCK ? 'network' : 'container'} is at work`;
    return err(failure('LOCK_TIMEOUT', `${text} since ${timeoutMs / 1000} s (${path}); try again`));
  } finally {
    sys.close(fd);
  }
}
