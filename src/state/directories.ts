/** The directories of the state, which the first call after a boot makes. */
import { broken } from '../sys/result.ts';
import { isErrno, type Sys, SysError } from '../sys/sys.ts';
import { STATE_ROOT } from './paths.ts';

/**
 * Makes STATE_ROOT and what is missing below it, mode 0700. Throws ENOTDIR for a symbolic link or a
 * file in the way, EACCES for a directory in which others may write.
 */
export function ensureDirectory(sys: Sys, directory: string): void {
  if (directory !== STATE_ROOT && !directory.startsWith(`${STATE_ROOT}/`)) {
    broken(`${directory} is not below ${STATE_ROOT}`);
  }
  let path = STATE_ROOT;
  ensureOne(sys, path);
  for (const part of directory.slice(STATE_ROOT.length).split('/').filter(Boolean)) {
    path += `/${part}`;
    ensureOne(sys, path);
  }
}

function ensureOne(sys: Sys, path: string): void {
  try {
    sys.mkdir(path, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    const found = sys.stat(path, false);
    if (found.type !== 'directory') {
      throw new SysError('ENOTDIR', 'mkdir', `${path} is a ${found.type}; remove it`);
    }
    if ((found.mode & 0o022) !== 0) {
      throw new SysError('EACCES', 'mkdir', `${path} is writable by others; chmod it to 0700`);
    }
  }
}
