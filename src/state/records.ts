/**
 * Records: one small JSON object per file, replaced as a whole. A reader sees the old or the new one,
 * never half of one: it is written as tmp/<pid> and renamed. What a crash leaves there, the next call removes.
 */
import { type JsonObject, type JsonValue, parseJsonText } from '../sys/json.ts';
import { isRunning } from '../sys/platform.ts';
import { isErrno, type Sys, SysError } from '../sys/sys.ts';
import { readText, withDirectory, writeAll } from './files.ts';
import type { OperationLog } from './oplog.ts';
import { QUARANTINE_DIR, TEMPORARY_DIR } from './paths.ts';

/** Largest record that is read or written. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Damaged records that are kept; the oldest go. */
export const MAX_QUARANTINED = 32;

export type RecordRead =
  | { readonly state: 'missing' }
  | { readonly state: 'ok'; readonly value: JsonObject }
  | { readonly state: 'corrupt'; readonly reason: string };

/**
 * Reads a record. A symbolic link, a directory, too large a file and anything that is not one JSON object
 * are `corrupt`. Throws a SysError for other refusals, such as EIO.
 */
export function readRecord(sys: Sys, path: string): RecordRead {
  let text: string;
  try {
    text = readText(sys, path, MAX_RECORD_BYTES, { noFollow: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { state: 'missing' };
    if (isErrno(error, 'ELOOP')) return { state: 'corrupt', reason: 'is a symbolic link' };
    if (isErrno(error, 'EISDIR')) return { state: 'corrupt', reason: 'is a directory' };
    if (isErrno(error, 'EFBIG')) {
      return { state: 'corrupt', reason: `is larger than ${MAX_RECORD_BYTES} bytes` };
    }
    throw error;
  }
  if (text === '') return { state: 'corrupt', reason: 'is empty' };
  let value: JsonValue;
  try {
    value = parseJsonText(text);
  } catch {
    return { state: 'corrupt', reason: 'is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { state: 'corrupt', reason: 'is not a JSON object' };
  }
  return { state: 'ok', value: value as JsonObject };
}

/**
 * Writes a record, mode 0600, over the one that may be there; makes missing directories. Throws a SysError
 * (ENOSPC, EACCES …) and leaves the old record when it cannot.
 */
export function writeRecord(sys: Sys, path: string, value: JsonObject): void {
  const bytes = sys.encodeUtf8(JSON.stringify(value));
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new SysError('EFBIG', 'write', `${path}: a record of ${bytes.length} bytes`);
  }
  replaceFile(sys, path, bytes, 0o600);
}

/**
 * Writes a file on the file system of the state as a whole, as a record is; a directory that is missing is made if it is one
 * of the state. Throws a SysError, and leaves the old file, when it cannot.
 */
export function replaceFile(sys: Sys, path: string, bytes: Uint8Array, mode: number): void {
  // Of one name for each process, which writes one file at a time.
  const temporary = `${TEMPORARY_DIR}/${sys.pid()}`;
  withDirectory(sys, TEMPORARY_DIR, () => writeTemporary(sys, temporary, bytes, mode));
  try {
    withDirectory(sys, directoryOf(path), () => sys.rename(temporary, path));
  } catch (error) {
    removeRecord(sys, temporary);
    throw error;
  }
}

/** False when there was none. */
export function removeRecord(sys: Sys, path: string): boolean {
  try {
    sys.unlink(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Names of the records in a directory, in no order; none when the directory is missing. */
export function listRecords(sys: Sys, directory: string): string[] {
  try {
    return sys.readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Removes half-written records of processes that are gone. With none this is one look at a directory. */
export function removeAbandoned(sys: Sys, log: OperationLog): void {
  try {
    for (const name of listRecords(sys, TEMPORARY_DIR)) {
      if (name !== String(sys.pid()) && isRunning(sys, name)) continue;
      removeRecord(sys, `${TEMPORARY_DIR}/${name}`);
      log.note('info', `a record that process ${name} had not finished was removed`);
    }
  } catch (error) {
    // What is left costs a page of memory; it must not cost a container its network.
    if (!(error instanceof SysError)) throw error;
    log.note('warn', `cannot clean ${TEMPORARY_DIR}: ${error.message}`);
  }
}

/** A record as `parse` understands it; undefined when there is none. What it refuses is damaged, and set aside. */
export function readParsed<T>(
  sys: Sys,
  log: OperationLog,
  path: string,
  parse: (value: JsonObject) => T | undefined,
): T | undefined {
  const read = readRecord(sys, path);
  if (read.state === 'missing') return undefined;
  const record = read.state === 'ok' ? parse(read.value) : undefined;
  if (record === undefined) {
    setAside(sys, path, log, read.state === 'corrupt' ? read.reason : 'fields are missing or malformed');
  }
  return record;
}

/**
 * Moves a damaged record out of the way, to quarantine/, and says so in the log. What it held is rebuilt
 * by whoever needs it. Where it cannot be moved (read-only, no space) it stays, as if it were not there.
 */
export function setAside(sys: Sys, path: string, log: OperationLog, reason: string): void {
  const name = path.slice(directoryOf(path).length + 1);
  const kept = `${QUARANTINE_DIR}/${sys.realtimeMs()}-${name}`;
  try {
    withDirectory(sys, QUARANTINE_DIR, () => sys.rename(path, kept));
    log.note('error', `${path} ${reason}; set aside as ${kept}`);
    const names = listRecords(sys, QUARANTINE_DIR).sort();
    for (const oldest of names.slice(0, Math.max(0, names.length - MAX_QUARANTINED))) {
      removeRecord(sys, `${QUARANTINE_DIR}/${oldest}`);
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    // Another call was faster.
    if (isErrno(error, 'ENOENT')) return;
    log.note('error', `${path} ${reason}, and quarantine failed: ${error.message}`);
  }
}

function writeTemporary(sys: Sys, path: string, bytes: Uint8Array, mode: number): void {
  const options = { write: true, create: true, exclusive: true, noFollow: true, mode };
  let fd: ReturnType<Sys['open']>;
  try {
    fd = sys.open(path, options);
  } catch (error) {
    // Of an earlier process with this id, which was killed: one process writes one record at a time.
    if (!isErrno(error, 'EEXIST')) throw error;
    sys.unlink(path);
    fd = sys.open(path, options);
  }
  try {
    writeAll(sys, fd, bytes);
    sys.fsync(fd);
  } catch (error) {
    removeRecord(sys, path);
    // The number of a descriptor tells nobody which disk is full.
    throw error instanceof SysError ? new SysError(error.code, error.call, path) : error;
  } finally {
    sys.close(fd);
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
