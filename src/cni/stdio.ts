/** The standard streams of a plugin: a bounded read of stdin, complete writes. */
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type Fd, type Sys, SysError } from '../sys/sys.ts';

export const STDIN = 0 as Fd;
export const STDOUT = 1 as Fd;
export const STDERR = 2 as Fd;

/** Largest configuration that is read. A prevResult and 250 attachments fit a hundred times over. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Reads stdin to its end. */
export function readStdin(sys: Sys): Result<string, Failure> {
  let buffer = new Uint8Array(FIRST_READ_BYTES);
  let length = 0;
  try {
    for (;;) {
      const count = sys.read(STDIN, buffer, length, buffer.length - length);
      if (count === 0) return ok(sys.decodeUtf8(buffer, 0, length));
      length += count;
      if (length > MAX_CONFIG_BYTES) {
        return err(failure('UNDECODABLE', `network config is larger than ${MAX_CONFIG_BYTES} bytes`));
      }
      if (length === buffer.length) {
        const larger = new Uint8Array(buffer.length * 4);
        larger.set(buffer);
        buffer = larger;
      }
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(failure('IO', `error reading from stdin: ${error.message}`));
  }
}

/** Writes all of `text`; throws a SysError when the reader has gone. */
export function writeText(sys: Sys, fd: Fd, text: string): void {
  const bytes = sys.encodeUtf8(text);
  for (let offset = 0; offset < bytes.length; ) {
    offset += sys.write(fd, bytes, offset, bytes.length - offset);
  }
}

/** A larger one would be a mapping of its own. */
const FIRST_READ_BYTES = 4096;
