/** Files that install and uninstall handle: bounded reads, copies, directories that may be missing. */
import { writeAll } from '../../state/files.ts';
import { isErrno, type Sys, SysError } from '../../sys/sys.ts';
import { statIfAny } from '../files.ts';

/** An executable of ours has 1.6 MB at most. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The whole file; a refusal of the system is thrown. */
export function readBytes(sys: Sys, path: string): Uint8Array {
  const fd = sys.open(path, { read: true });
  try {
    const { sizeBytes } = sys.fstat(fd);
    if (sizeBytes > MAX_FILE_BYTES) throw new SysError('EFBIG', 'read', `${path} has ${sizeBytes} bytes`);
    const buffer = new Uint8Array(sizeBytes);
    let length = 0;
    while (length < sizeBytes) {
      const count = sys.read(fd, buffer, length, sizeBytes - length);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    sys.close(fd);
  }
}

/** Undefined when there is no file. */
export function readBytesIfAny(sys: Sys, path: string): Uint8Array | undefined {
  return statIfAny(sys, path)?.type === 'file' ? readBytes(sys, path) : undefined;
}

/** Makes a file that must not be there yet; what a full disk leaves of it is removed. */
export function writeNew(sys: Sys, path: string, bytes: Uint8Array): void {
  const fd = sys.open(path, { write: true, create: true, exclusive: true, mode: 0o755 });
  try {
    writeAll(sys, fd, bytes);
    sys.fsync(fd);
  } catch (error) {
    sys.close(fd);
    sys.unlink(path);
    throw error;
  }
  sys.close(fd);
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Makes a directory and what is missing on the way; returns what was made, outermost first. */
export function makeDirectories(sys: Sys, path: string): string[] {
  const made: string[] = [];
  const parts = path.split('/');
  for (let length = 2; length <= parts.length; length++) {
    const directory = parts.slice(0, length).join('/');
    if (statIfAny(sys, directory)?.type === 'directory') continue;
    try {
      sys.mkdir(directory, 0o755);
      made.push(directory);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }
  return made;
}

/** False when it is still in use, or could not be removed for another reason; gone already is fine. */
export function removeIfPossible(sys: Sys, path: string): boolean {
  try {
    sys.unlink(path);
    return true;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return isErrno(error, 'ENOENT');
  }
}

/** True when both names are one file. */
export function isSameFile(sys: Sys, a: string, b: string): boolean {
  const [one, other] = [statIfAny(sys, a), statIfAny(sys, b)];
  return one !== undefined && one.dev === other?.dev && one.inode === other.inode;
}
