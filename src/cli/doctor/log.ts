/** Check "log": can an operation leave its line? */
import { LOG_PATH } from '../../state/paths.ts';
import { type Fd, isErrno, type Sys, SysError } from '../../sys/sys.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

/** `trouble`: why the log cannot be written, an errno name. */
export function checkLog(trouble: string | undefined): Checked {
  const findings: Problem[] =
    trouble === undefined
      ? []
      : [
          finding('warning', 'LOG_NOT_WRITABLE', {
            found: `${LOG_PATH} cannot be written: ${trouble}`,
            why: 'the plugin works, but nobody learns what it did',
            mend: MENDS[trouble] ?? `ls -ld ${LOG_PATH} ${DIRECTORY} && df ${DIRECTORY}`,
          }),
        ];
  return { check: 'log', seen: `${LOG_PATH} can be written`, findings };
}

/** Opens the log as the plugin does, except that it does not make one. */
export function logTrouble(sys: Sys): string | undefined {
  let fd: Fd | undefined;
  try {
    fd = sys.open(LOG_PATH, { write: true, append: true, noFollow: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return isErrno(error, 'ENOENT') ? directoryTrouble(sys) : error.code;
  } finally {
    if (fd !== undefined) sys.close(fd);
  }
}

/** No log yet: it will be made in a directory that has to be there. */
function directoryTrouble(sys: Sys): string | undefined {
  try {
    return sys.stat(DIRECTORY, true).type === 'directory' ? undefined : 'ENOTDIR';
  } catch (error) {
    if (error instanceof SysError) return error.code;
    throw error;
  }
}

const DIRECTORY = LOG_PATH.slice(0, LOG_PATH.lastIndexOf('/'));

const MENDS: Readonly<Record<string, string>> = {
  ELOOP: `rm ${LOG_PATH}`,
  EISDIR: `rmdir ${LOG_PATH}`,
  ENOENT: `mkdir -p ${DIRECTORY}`,
  EPERM: `chattr -i -a ${LOG_PATH}`,
  EROFS: `mount -o remount,rw ${DIRECTORY}`,
};
