/**
 * One command at a time for one container: the watcher hears of a start while docker-run.sh is still at it.
 * Programs run under these locks, so they are not the lock of the state.
 */
import { ensureDirectory } from '../../state/directories.ts';
import { STATE_ROOT } from '../../state/paths.ts';
import { err, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';

const LOCKS_DIRECTORY = `${STATE_ROOT}/docker`;
/** Start, ADD and the undoing of it, for all whose ids begin alike. */
const LOCK_TIMEOUT_MS = 300_000;

/** `work` while nobody else works on the container. Containers share 256 locks, which are never removed. */
export function withContainerLock<T>(sys: Sys, id: string, work: () => Result<T, string>): Result<T, string> {
  return withLockFile(sys, id.slice(0, 2), `container ${id.slice(0, 12)}`, work);
}

/** `work` while nobody else decides about ports of the node. */
export function withPortsLock<T>(sys: Sys, work: () => Result<T, string>): Result<T, string> {
  return withLockFile(sys, 'ports', 'ports of the node', work);
}

/** `work` while nobody else adds rules to chain FORWARD. */
export function withForwardLock<T>(sys: Sys, work: () => Result<T, string>): Result<T, string> {
  return withLockFile(sys, 'forward', 'chain FORWARD', work);
}

function withLockFile<T>(
  sys: Sys,
  name: string,
  what: string,
  work: () => Result<T, string>,
): Result<T, string> {
  ensureDirectory(sys, LOCKS_DIRECTORY);
  const fd = sys.open(`${LOCKS_DIRECTORY}/${name}`, { write: true, create: true, noFollow: true });
  try {
    return sys.lock(fd, LOCK_TIMEOUT_MS)
      ? work()
      : err(`${what}: another azure-vnet docker is at work for more than ${LOCK_TIMEOUT_MS / 1000} s`);
  } finally {
    sys.close(fd);
  }
}
