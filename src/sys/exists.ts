import { isErrno, type Sys } from './sys.ts';

/** True when there is something at this path, be it a link that leads nowhere. */
export function exists(sys: Sys, path: string): boolean {
  try {
    sys.stat(path, false);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
