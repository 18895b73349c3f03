/** Reads the lines of a file piece by piece: a log may have megabytes. */
import { MAX_LOG_BYTES } from '../../state/logfile.ts';
import { type Fd, isErrno, type Sys } from '../../sys/sys.ts';

/** Longer lines are skipped; no operation writes one. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** A log is renamed when it has grown over its limit, by one line. */
const MAX_BYTES = MAX_LOG_BYTES + MAX_LINE_BYTES;

/** Calls `visit` for each whole line, without its end. No file is no line. */
export function forEachLine(sys: Sys, path: string, visit: (line: string) => void): void {
  let fd: Fd;
  try {
    fd = sys.open(path, { read: true, noFollow: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    readLines(sys, fd, visit);
  } finally {
    sys.close(fd);
  }
}

function readLines(sys: Sys, fd: Fd, visit: (line: string) => void): void {
  const buffer = new Uint8Array(MAX_LINE_BYTES);
  let length = 0;
  let skipping = false;
  for (let total = 0; total < MAX_BYTES; ) {
    const count = sys.read(fd, buffer, length, Math.min(READ_BYTES, buffer.length - length));
    if (count === 0) return;
    total += count;
    length += count;
    let start = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0 && end < length; end = buffer.indexOf(NEWLINE, start)) {
      if (!skipping && end > start) visit(sys.decodeUtf8(buffer, start, end - start));
      skipping = false;
      start = end + 1;
    }
    buffer.copyWithin(0, start, length);
    length -= start;
    // What lies behind are bytes of earlier pieces, newlines among them.
    buffer.fill(0, length, length + start);
    if (length === buffer.length) {
      skipping = true;
      length = 0;
      buffer.fill(0);
    }
  }
}

const READ_BYTES = 64 * 1024;
const NEWLINE = 10;
