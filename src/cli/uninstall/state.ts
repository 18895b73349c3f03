/** Removes the whole state. */
import { LOG_PATH, STATE_ROOT } from '../../state/paths.ts';
import { isErrno, type Sys } from '../../sys/sys.ts';

/** Directories in directories of the state; it has three levels. */
const MAX_DEPTH = 8;
const LOGS: readonly string[] = [LOG_PATH, `${LOG_PATH}.1`];

/** A symbolic link in it is removed, not followed. The log stays, also where it is in the same directory. */
export function removeState(sys: Sys): void {
  removeTree(sys, STATE_ROOT, MAX_DEPTH);
}

function removeTree(sys: Sys, path: string, depth: number): void {
  if (depth === 0) throw new Error(`Internal error: ${path} is deeper than the state`);
  try {
    if (sys.stat(path, false).type !== 'directory') {
      sys.unlink(path);
      return;
    }
    const entries = sys.readdir(path).map((name) => `${path}/${name}`);
    const removed = entries.filter((entry) => !LOGS.includes(entry));
    for (const entry of removed) removeTree(sys, entry, depth - 1);
    if (removed.length === entries.length) sys.rmdir(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
