/** Reads FILE, or stdin for `-`, up to the size that a definition may have. */

import { MAX_DEFINITION_BYTES } from '../../cluster/read/parse.ts';
import { STDIN } from '../../cni/stdio.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { type Fd, isErrno, type Sys, SysError } from '../../sys/sys.ts';

/** How long to wait for whoever is at the other end of a pipe with a name, as in `validate <(jq …)`. */
const PIPE_TIMEOUT_MS = 30_000;
const PIPE_POLL_MS = 20;

export interface Input {
  readonly text: string;
  /** More than may be read: then `text` is empty. */
  readonly tooLarge: boolean;
}

/** An error is one line that says what could not be read and why. */
export function readInput(sys: Sys, file: string): Result<Input, string> {
  let fd: Fd | undefined;
  try {
    fd = file === '-' ? STDIN : sys.open(absolute(file), { read: true });
    const bytes = new Uint8Array(MAX_DEFINITION_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = readSome(sys, fd, bytes, length);
      if (count === 0) break;
      length += count;
    }
    if (length > MAX_DEFINITION_BYTES) return ok({ text: '', tooLarge: true });
    return ok({ text: sys.decodeUtf8(bytes, 0, length), tooLarge: false });
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(`${file === '-' ? 'stdin' : file} cannot be read: ${REASONS[error.code] ?? error.code}`);
  } finally {
    if (fd !== undefined && fd !== STDIN) sys.close(fd);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  EAGAIN: `nothing came within ${PIPE_TIMEOUT_MS / 1000} s`,
  ENAMETOOLONG: 'the name is too long',
};

/** Files are opened without waiting, so a pipe that is still empty has to be asked again. */
function readSome(sys: Sys, fd: Fd, bytes: Uint8Array, offset: number): number {
  const until = sys.monotonicUs() + PIPE_TIMEOUT_MS * 1000;
  for (;;) {
    try {
      return sys.read(fd, bytes, offset, bytes.length - offset);
    } catch (error) {
      if (!isErrno(error, 'EAGAIN') || sys.monotonicUs() >= until) throw error;
      sys.sleepMs(PIPE_POLL_MS);
    }
  }
}

/** The host opens absolute paths only. */
export function absolute(path: string): string {
  return path.startsWith('/') ? path : `/proc/self/cwd/${path}`;
}
