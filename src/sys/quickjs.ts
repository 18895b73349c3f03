/**
 * Sys on the C host (native/): the object `host`, with options turned into numbers. The host checks every
 * argument itself; nothing here relies on a type that the caller merely promised.
 */
import type { Fd, OpenOptions, SpawnRequest, SpawnResult, Sys } from './sys.ts';
import { SysError } from './sys.ts';

/** What native/functions.c defines; the rest of Sys is as it is there. */
interface Host extends Omit<Sys, 'open' | 'spawn'> {
  /** Called when the program is loaded. */
  main?: () => void;
  /** Registers the class that a refused call throws: `new (errnoName, call, detail)`. */
  useErrorClass(errorClass: typeof SysError): void;
  openWithFlags(path: string, flags: number, mode: number): Fd;
  spawnWithLists(
    argv: readonly string[],
    env: readonly string[],
    stdin: string,
    timeoutMs: number,
    maxOutputBytes: number,
  ): SpawnResult;
}

declare const host: Host;

/** The Sys of this process. */
export function hostSys(): Sys {
  host.useErrorClass(SysError);
  return Object.assign(host, { open, spawn });
}

/**
 * Registers what the plugin does; `main` returns the exit status. Nothing may be asked of the system before the host
 * calls it: the build keeps the heap as it is until then, and puts it into the executable.
 */
export function begin(main: (sys: Sys) => number): void {
  const sys = hostSys();
  host.main = () => sys.exit(main(sys));
}

/** The bits are those of files.c in native/linux/ and native/windows/. */
function open(path: string, options: OpenOptions): Fd {
  const { read, write, create, exclusive, truncate, append, noFollow, directory } = options;
  const flags =
    (read ? 1 : 0) |
    (write ? 2 : 0) |
    (create ? 4 : 0) |
    (exclusive ? 8 : 0) |
    (truncate ? 16 : 0) |
    (append ? 32 : 0) |
    (noFollow ? 64 : 0) |
    (directory ? 128 : 0);
  return host.openWithFlags(path, flags, options.mode ?? DEFAULT_MODE);
}

function spawn({ argv, env, stdin, timeoutMs, maxOutputBytes }: SpawnRequest): SpawnResult {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return host.spawnWithLists(argv, pairs, stdin, timeoutMs, maxOutputBytes);
}

const DEFAULT_MODE = 0o600;
