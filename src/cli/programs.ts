/** Programs of the node that a command asks. Argument lists, never a shell. */
import { failureOf } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { SpawnResult, Sys } from '../sys/sys.ts';
import { statIfAny } from './files.ts';

/** Where administration programs are, whatever the PATH of the caller. */
const PROGRAM_DIRECTORIES = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const;

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** Path of the program; undefined when it is not installed. */
export function findProgram(sys: Sys, name: string): string | undefined {
  return PROGRAM_DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => {
    const found = statIfAny(sys, path);
    return found?.type === 'file' && (found.mode & 0o111) !== 0;
  });
}

/** For what changes the node: while the machine starts, modules are loaded and everything else starts as well. */
export const CHANGE_LIMIT_MS = 60_000;

/** Runs a program by its name to its end, of at most `limitMs`; an error is one line that begins with the command. */
export function runProgram(
  sys: Sys,
  [name = '', ...args]: readonly string[],
  stdin = '',
  limitMs = TIMEOUT_MS,
): Result<string, string> {
  const path = findProgram(sys, name);
  if (path === undefined) return err(`${name} is not installed`);
  const command = [name, ...args].join(' ');
  const ended = spawn(sys, [path, ...args], stdin, {}, limitMs);
  if (!ended.ok) return err(`${command}: ${ended.error}`);
  const { status, stdout, stderr, timedOut, truncated } = ended.value;
  if (timedOut) return err(`${command}: not finished after ${limitMs / 1000} s`);
  if (truncated) return err(`${command}: printed more than ${MAX_OUTPUT_BYTES} bytes`);
  if (status === 0) return ok(stdout);
  const said = (stderr.trim() || stdout.trim()).split('\n')[0] ?? '';
  return err(`${command}: exit status ${status}${said === '' ? '' : `: ${said}`}`);
}

/** Runs the program at this path with `env` over the environment of the call. */
export function spawn(
  sys: Sys,
  argv: readonly string[],
  stdin: string,
  env: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): Result<SpawnResult, string> {
  try {
    return ok(
      sys.spawn({
        argv,
        env: { PATH: PROGRAM_DIRECTORIES.join(':'), ...sys.environ(), LC_ALL: 'C', ...env },
        stdin,
        timeoutMs,
        maxOutputBytes: MAX_OUTPUT_BYTES,
      }),
    );
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return err(refused.message);
  }
}
