/**
 * A Sys with only what the protocol layer touches: environment, standard streams, stat, spawn, clock.
 * Every other function throws, so that a test notices when the layer starts to need it.
 */
import { createHash } from 'node:crypto';
import {
  type FileStat,
  type SpawnRequest,
  type SpawnResult,
  type Sys,
  SysError,
} from '../../../src/sys/sys.ts';

export interface CallWorld {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Path → `dev:inode` of a regular file, or a whole FileStat. */
  readonly files?: Readonly<Record<string, string | FileStat>>;
  readonly spawn?: (request: SpawnRequest) => SpawnResult;
  /** Most bytes that one read or write moves. */
  readonly chunkBytes?: number;
}

export interface CallSys extends Sys {
  stdout(): string;
  stderr(): string;
  readonly sleeps: number[];
  readonly spawned: SpawnRequest[];
}

export function callSys(world: CallWorld): CallSys {
  const chunk = world.chunkBytes ?? 1000;
  const written: [Uint8Array[], Uint8Array[]] = [[], []];
  const stdin = typeof world.stdin === 'string' ? new TextEncoder().encode(world.stdin) : world.stdin;
  let readBytes = 0;
  let nowUs = 0;
  const sleeps: number[] = [];
  const spawned: SpawnRequest[] = [];
  const known: Partial<Sys> = {
    read(fd, buffer, offset, length) {
      if (stdin === undefined || (fd as number) !== 0) throw new SysError('EBADF', 'read', `fd ${fd}`);
      const part = stdin.subarray(readBytes, readBytes + Math.min(length, chunk));
      buffer.set(part, offset);
      readBytes += part.length;
      return part.length;
    },
    write(fd, buffer, offset, length) {
      const stream = written[(fd as number) - 1];
      if (stream === undefined) throw new SysError('EBADF', 'write', `fd ${fd}`);
      const part = buffer.slice(offset, offset + Math.min(length, chunk));
      stream.push(part);
      return part.length;
    },
    stat(path) {
      const file = world.files?.[path];
      if (file === undefined) throw new SysError('ENOENT', 'stat', path);
      if (typeof file !== 'string') return file;
      const [dev = '', inode = ''] = file.split(':');
      return { dev, inode, type: 'file', mode: 0o755, sizeBytes: 1, mtimeMs: 0 };
    },
    spawn(request) {
      spawned.push(request);
      if (world.spawn === undefined) throw new SysError('ENOENT', 'spawn', request.argv[0] ?? '');
      return world.spawn(request);
    },
    environ: () => ({ ...world.env }),
    monotonicUs: () => nowUs++,
    sleepMs: (ms) => {
      sleeps.push(ms);
    },
    encodeUtf8: (text) => new TextEncoder().encode(text),
    decodeUtf8: (buffer, offset, length) =>
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer.subarray(offset, offset + length)),
    sha1Hex: (buffer, offset, length) =>
      createHash('sha1')
        .update(buffer.subarray(offset, offset + length))
        .digest('hex'),
  };
  const text = (parts: Uint8Array[]) => Buffer.concat(parts).toString();
  const extra = { stdout: () => text(written[0]), stderr: () => text(written[1]), sleeps, spawned };
  return new Proxy({ ...known, ...extra } as CallSys, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (member === undefined) throw new Error(`The protocol layer called sys.${String(name)}`);
      return member;
    },
  });
}

/** A finished child. */
export function exited(status: number, stdout = '', stderr = ''): SpawnResult {
  return { status, signal: 0, stdout, stderr, timedOut: false, truncated: false };
}
