/** Small looks at files that may not be there, and files replaced as a whole. */
import { writeAll } from '../state/files.ts';
import { type Fd, type FileStat, isErrno, type Sys, SysError } from '../sys/sys.ts';

/** False also for what may not be looked at. */
export function exists(sys: Sys, path: string): boolean {
  return statIfAny(sys, path) !== undefined;
}

export function statIfAny(sys: Sys, path: string): FileStat | undefined {
  try {
    return sys.stat(path, true);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}

/** Names in a directory, sorted; none when it cannot be read. */
export function namesIn(sys: Sys, directory: string): string[] {
  try {
    return sys.readdir(directory).sort();
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}

/**
 * The first `maxBytes` of a file, undefined when it cannot be read. Reads to the end: files of /proc come in
 * pieces of any size.
 */
export function readIfAny(sys: Sys, path: string, maxBytes = DEFAULT_MAX_BYTES): string | undefined {
  let fd: Fd | undefined;
  try {
    fd = sys.open(path, { read: true });
    const buffer = new Uint8Array(maxBytes);
    let length = 0;
    while (length < maxBytes) {
      const count = sys.read(fd, buffer, length, maxBytes - length);
      if (count === 0) break;
      length += count;
    }
    return sys.decodeUtf8(buffer, 0, length);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) sys.close(fd);
  }
}

/** Writes beside the file and renames: a reader sees the old or the new one. Throws a SysError when it cannot. */
export function replaceFile(sys: Sys, path: string, text: string, mode: number): void {
  const temporary = `${path}.${sys.pid()}.tmp`;
  const fd = sys.open(temporary, { write: true, create: true, truncate: true, noFollow: true, mode });
  try {
    try {
      writeAll(sys, fd, sys.encodeUtf8(text));
      sys.fsync(fd);
    } finally {
      sys.close(fd);
    }
    sys.rename(temporary, path);
  } catch (error) {
    try {
      sys.unlink(temporary);
    } catch (second) {
      if (!isErrno(second, 'ENOENT')) throw second;
    }
    throw error;
  }
}

const DEFAULT_MAX_BYTES = 64 * 1024;
