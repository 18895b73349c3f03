/** Writes a directory as a whole: beside where it goes, then renamed. */
import { writeAll } from '../../state/files.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import { isErrno, type Sys, SysError } from '../../sys/sys.ts';
import { namesIn, statIfAny } from '../files.ts';

export interface NewFile {
  /** Below the directory, parts separated by `/`. */
  readonly path: string;
  readonly text: string;
}

export interface OutputOptions {
  /** Replaces what an earlier call has written. */
  readonly replace: boolean;
  /** Tells a file or directory of ours, by its path below the directory. */
  readonly isOurs: (path: string) => boolean;
}

/**
 * Makes `directory` (absolute) with exactly these files, or changes nothing; an error is one line. One that is there
 * and not empty is refused, or, with `replace`, replaced if it has nothing that `isOurs` does not know.
 */
export function writeDirectory(
  sys: Sys,
  directory: string,
  files: readonly NewFile[],
  options: OutputOptions,
): Result<void, string> {
  const problem = refusal(sys, directory, options);
  if (problem !== undefined) return err(problem);
  const made = `${directory}.new-${sys.pid()}`;
  const old = `${directory}.old-${sys.pid()}`;
  try {
    write(sys, made, files);
    const replaces = namesIn(sys, directory).length > 0;
    if (replaces) sys.rename(directory, old);
    try {
      // An empty directory in the way goes at the same time (rename(2)).
      sys.rename(made, directory);
    } catch (error) {
      if (replaces) sys.rename(old, directory);
      throw error;
    }
  } catch (error) {
    remove(sys, made);
    if (error instanceof SysError) return err(`${directory} was not written: ${reasonOf(error)}`);
    throw error;
  }
  try {
    remove(sys, old);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(
      `${directory} is written, but ${old}, which was there before, is not removed: ${error.message}`,
    );
  }
  return ok(undefined);
}

/** For the user, what usually is the matter; anything else as the system says it. */
function reasonOf({ code, message }: SysError): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such directory above it; make that first',
    EACCES: 'permission denied; name a directory of yours',
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
  };
  return known[code] ?? message;
}

function refusal(sys: Sys, directory: string, { replace, isOurs }: OutputOptions): string | undefined {
  let type: string;
  try {
    ({ type } = sys.stat(directory, false));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    if (error instanceof SysError) return `cannot look at ${directory}: ${error.code}`;
    throw error;
  }
  if (type !== 'directory') return `${directory} is a ${type}; name a directory, which need not exist`;
  if (namesIn(sys, directory).length === 0) return undefined;
  const foreign = firstForeign(sys, directory, '', isOurs);
  if (foreign !== undefined) {
    return `${directory}/${foreign} was not written by this command, and is not replaced; name another directory`;
  }
  return replace ? undefined : `${directory} is not empty; --force replaces what is in it`;
}

/** Looks no further than into what is ours: it may be any directory of the machine. */
function firstForeign(
  sys: Sys,
  root: string,
  below: string,
  isOurs: OutputOptions['isOurs'],
): string | undefined {
  for (const name of namesIn(sys, `${root}/${below}`)) {
    const path = `${below}${name}`;
    if (!isOurs(path)) return path;
    const foreign = isDirectory(sys, `${root}/${path}`)
      ? firstForeign(sys, root, `${path}/`, isOurs)
      : undefined;
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

function isDirectory(sys: Sys, path: string): boolean {
  return sys.stat(path, false).type === 'directory';
}

function write(sys: Sys, root: string, files: readonly NewFile[]): void {
  sys.mkdir(root, DIRECTORY_MODE);
  const made = new Set<string>();
  for (const { path, text } of files) {
    const parts = path.split('/').slice(0, -1);
    for (const [index] of parts.entries()) {
      const directory = parts.slice(0, index + 1).join('/');
      if (!made.has(directory)) sys.mkdir(`${root}/${directory}`, DIRECTORY_MODE);
      made.add(directory);
    }
    const fd = sys.open(`${root}/${path}`, { write: true, create: true, exclusive: true, mode: 0o644 });
    try {
      writeAll(sys, fd, sys.encodeUtf8(text));
      sys.fsync(fd);
    } finally {
      sys.close(fd);
    }
  }
}

/** What this call has made, or has moved away. */
function remove(sys: Sys, root: string): void {
  if (statIfAny(sys, root) === undefined) return;
  if (isDirectory(sys, root)) {
    for (const name of namesIn(sys, root)) remove(sys, `${root}/${name}`);
    sys.rmdir(root);
  } else sys.unlink(root);
}

const DIRECTORY_MODE = 0o755;
