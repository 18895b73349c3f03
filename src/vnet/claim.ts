/**
 * Who completes a deletion. A DEL that was interrupted may be found by several calls at once, and by the ADD
 * that follows it; whoever has the flock(2) of the pending record does the work, the others let it be. The
 * kernel releases the claim of a process that dies.
 */
import type { PluginContext } from '../cni/types.ts';
import { inodeAt } from '../state/files.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { type Fd, isErrno } from '../sys/sys.ts';
import { type EndpointRecord, PENDING_DIR, pathOfEndpoint } from './endpoint-record.ts';

/** How long the call of the same attachment waits for one that is completing its deletion. */
export const CLAIM_WAIT_MS = 5000;

/**
 * Runs `work` while no other process works on this deletion. Nothing to do, and no failure, when it is
 * completed already. One that another process is at is waited for up to `waitMs`: LOCK_TIMEOUT, or with
 * 0 nothing, because it is in good hands.
 */
export function exclusively(
  { sys }: PluginContext,
  record: EndpointRecord,
  waitMs: number,
  work: () => Failure | undefined,
): Failure | undefined {
  const path = pathOfEndpoint(PENDING_DIR, record.network, record);
  let fd: Fd;
  try {
    fd = sys.open(path, { read: true, noFollow: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    if (sys.lock(fd, waitMs)) return sys.fstat(fd).inode === inodeAt(sys, path) ? work() : undefined;
    if (waitMs === 0) return undefined;
    const { containerId, ifname } = record;
    return failure(
      'LOCK_TIMEOUT',
      `timed out: another call is completing the DEL of ${containerId} ${ifname}`,
    );
  } finally {
    sys.close(fd);
  }
}
