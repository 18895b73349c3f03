/**
 * The lock around every change of the state: flock(2), which the kernel releases when its holder dies.
 * Held only around records and changes of the bridge: never across an HTTP call or an executed program.
 */
import { type Failure, failure, failureOf } from '../sys/failure.ts';
import { broken, err, ok, type Result } from '../sys/result.ts';
import { type Fd, isErrno, type Sys, SysError } from '../sys/sys.ts';
import { withDirectory, writeAll } from './files.ts';
import type { OperationLog } from './oplog.ts';
import { LOCK_PATH, STATE_ROOT } from './paths.ts';

/** How long a call waits for the others. Each holds the lock for milliseconds. */
export const LOCK_TIMEOUT_MS = 10_000;

/**
 * Runs `work` while no other process runs one. Not reentrant: a lock within a lock is a broken invariant.
 *
 * Failures: LOCK_TIMEOUT naming the holder; IO when the lock file cannot be opened.
 */
export function withLock<T>(
  context: { readonly sys: Sys; readonly log: OperationLog },
  work: () => T,
): Result<T, Failure> {
  const { sys, log } = context;
  const holder: Sys & { [HOLDS_LOCK]?: boolean } = sys;
  if (holder[HOLDS_LOCK] === true) broken('the state lock is held already');
  let fd: Fd;
  try {
    fd = withDirectory(sys, STATE_ROOT, () =>
      sys.open(LOCK_PATH, { read: true, write: true, create: true, noFollow: true }),
    );
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    const hint = isErrno(error, 'EISDIR', 'ELOOP') ? '; remove it' : '';
    return err(failure('IO', `cannot open the lock: ${refused.message}${hint}`));
  }
  try {
    if (!log.step('wait for lock', () => sys.lock(fd, LOCK_TIMEOUT_MS))) {
      return err(failure('LOCK_TIMEOUT', timeoutText(sys, fd)));
    }
    holder[HOLDS_LOCK] = true;
    nameHolder(sys, fd, log);
    return ok(work());
  } finally {
    holder[HOLDS_LOCK] = false;
    sys.close(fd);
  }
}

/** Who holds the lock, for the person who reads a timeout; nothing depends on it. */
function nameHolder(sys: Sys, fd: Fd, log: OperationLog): void {
  const { command = '', container = '' } = log.fields;
  const text = `pid ${sys.pid()} ${command} ${container}`;
  // Of fixed length, so that it covers the line of the one before.
  const line = `${text.slice(0, HOLDER_BYTES - 1).padEnd(HOLDER_BYTES - 1)}\n`;
  try {
    writeAll(sys, fd, sys.encodeUtf8(line));
  } catch (error) {
    // A full disk must not keep DEL from making room.
    if (!(error instanceof SysError)) throw error;
    log.note('debug', `the lock is held without a name: ${error.message}`);
  }
}

function timeoutText(sys: Sys, fd: Fd): string {
  const buffer = new Uint8Array(HOLDER_BYTES);
  const holder = sys.decodeUtf8(buffer, 0, sys.read(fd, buffer, 0, HOLDER_BYTES)).trim();
  return (
    `timed out locking store: ${LOCK_PATH} was not free within ${LOCK_TIMEOUT_MS / 1000} s; ` +
    `last taken by ${holder || 'an unknown process'}; try again, or look at that process`
  );
}

/** On the Sys itself, so that every image of the process sees it. */
const HOLDS_LOCK = Symbol.for('azure-vnet holds the lock');
const HOLDER_BYTES = 100;
