/** The directory of the state, in which the log is as well. */
import { ensureDirectory } from '../state/directories.ts';
import { STATE_ROOT } from '../state/paths.ts';
import { type Sys, SysError } from '../sys/sys.ts';

/** Makes it for a call that writes to the log. When it cannot be made, writing the log says so. */
export function makeStateRoot(sys: Sys): void {
  try {
    ensureDirectory(sys, STATE_ROOT);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
