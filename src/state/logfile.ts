/** The log: one line of JSON per operation, appended with one write. A failing log never fails the call. */
import { type Fd, type Sys, SysError } from '../sys/sys.ts';
import { writeAll } from './files.ts';
import type { OperationLog } from './oplog.ts';

/** A larger log is renamed to `<path>.1`, over the one that was there. */
export const MAX_LOG_BYTES = 8 * 1024 * 1024;
/** Longer remarks and fields are cut. */
export const MAX_TEXT_CHARACTERS = 8192;

/**
 * Appends the operation to the log: time (RFC 3339, UTC), operation id, the fields of the log, duration
 * and steps in microseconds, remarks not below the level of the log. When that fails, stderr says why.
 */
export function writeOperation(sys: Sys, log: OperationLog, path: string): void {
  try {
    const fd = openLog(sys, path);
    try {
      writeAll(sys, fd, sys.encodeUtf8(`${JSON.stringify(lineOf(sys, log))}\n`));
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    reportOnStderr(sys, `azure-vnet: cannot write the log: ${error.message}\n`);
  }
}

function openLog(sys: Sys, path: string): Fd {
  const options = { write: true, create: true, append: true, noFollow: true, mode: 0o640 };
  const fd = sys.open(path, options);
  if (sys.fstat(fd).sizeBytes <= MAX_LOG_BYTES) return fd;
  sys.close(fd);
  // Two calls may both rename here; the second moves a young log, and no line is torn.
  sys.rename(path, `${path}.1`);
  return sys.open(path, options);
}

function lineOf(sys: Sys, log: OperationLog): object {
  const now = sys.realtimeMs();
  const fields: Record<string, string> = {};
  for (const name of Object.keys(log.fields)) {
    const value = log.fields[name] ?? '';
    if (value !== '') fields[name] = cut(value);
  }
  return {
    ts: new Date(now).toISOString(),
    op: `${sys.pid()}-${now.toString(36)}`,
    ...fields,
    result: log.fields.error === undefined ? 'ok' : 'error',
    us: log.elapsedUs(),
    steps: log.steps.map((step) => [step.name, step.durationUs]),
    notes: log.worthNoting().map(({ level, text }) => `${level}: ${cut(text)}`),
  };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT_CHARACTERS ? text : `${text.slice(0, MAX_TEXT_CHARACTERS)}…`;
}

function reportOnStderr(sys: Sys, text: string): void {
  try {
    writeAll(sys, STDERR, sys.encodeUtf8(text));
  } catch (error) {
    // Neither the log nor stderr can be written: there is nobody left to tell, and the operation stands.
    if (!(error instanceof SysError)) throw error;
  }
}

const STDERR = 2 as Fd;
