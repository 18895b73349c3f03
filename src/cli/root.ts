/** Who runs this process. */
import { readText } from '../state/files.ts';
import { type Sys, SysError } from '../sys/sys.ts';

/** True for effective user id 0 (proc(5), /proc/pid/status: real, effective, saved, file system). */
export function isRoot(sys: Sys): boolean {
  try {
    const status = readText(sys, '/proc/self/status', MAX_STATUS_BYTES);
    return /^Uid:\t\d+\t0\t/m.test(status);
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}

const MAX_STATUS_BYTES = 64 * 1024;
