/** Whole files: bounded reads, complete writes, private directories. Refusals of the kernel are thrown. */
import { type Fd, isErrno, type OpenOptions, type Sys, SysError } from '../sys/sys.ts';
import { ensureDirectory } from './directories.ts';

/** Reads a file of at most `maxBytes`; a larger one is refused with EFBIG. */
export function readText(sys: Sys, path: string, maxBytes: number, options: OpenOptions = {}): string {
  const fd = sys.open(path, { ...options, read: true });
  try {
    let buffer = new Uint8Array(FIRST_READ_BYTES);
    let length = 0;
    for (;;) {
      const count = sys.read(fd, buffer, length, buffer.length - length);
      length += count;
      if (length > maxBytes) throw new SysError('EFBIG', 'read', `${path} is larger than ${maxBytes} bytes`);
      // The kernel fills the buffer unless the file ends: a short read needs no second one.
      if (length < buffer.length) return sys.decodeUtf8(buffer, 0, length);
      const larger = new Uint8Array(buffer.length * 4);
      larger.set(buffer);
      buffer = larger;
    }
  } finally {
    sys.close(fd);
  }
}

/** Writes all bytes. */
export function writeAll(sys: Sys, fd: Fd, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += sys.write(fd, bytes, offset, bytes.length - offset);
  }
}

/** The inode of what is there, a symbolic link itself; undefined when nothing is. */
export function inodeAt(sys: Sys, path: string): string | undefined {
  try {
    return sys.stat(path, false).inode;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Runs `work`; when a directory on the way to `directory` is missing, makes it and runs `work` again. */
export function withDirectory<T>(sys: Sys, directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    ensureDirectory(sys, directory);
    return work();
  }
}

const FIRST_READ_BYTES = 4096;
