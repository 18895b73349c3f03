/** Cases for open files and for the file tree that are the same on every platform. */
import type { OpenOptions, Sys } from '../../../src/sys/sys.ts';
import { BAD_MODES, BAD_SPANS, BAD_TARGETS, BAD_TIMEOUTS, type Bad, badIntegers } from './bad.ts';
import { type Case, expectEqual, expectTrue, refused, works } from './check.ts';

export const READ = 1;
export const READ_AND_WRITE = 3;

/** `open` is for reading and writing, `folder` for reading. */
export function wrongFiles(open: unknown, folder: unknown, descriptors: readonly Bad[]): Case[] {
  const bytes = new Uint8Array(4);
  return [
    ...descriptors.flatMap(([what, fd, errno]) => [
      refused('close', what, errno, fd),
      refused('read', `descriptor ${what}`, errno, fd, bytes, 0, 4),
      refused('write', `descriptor ${what}`, errno, fd, bytes, 0, 4),
      refused('fsync', what, errno, fd),
      refused('fstat', what, errno, fd),
      refused('lock', `descriptor ${what}`, errno, fd, 0),
    ]),
    ...[0, 1, 2].map((fd) => refused('close', `standard descriptor ${fd}`, 'EINVAL', fd)),
    ...BAD_TARGETS.map(([what, span, errno]) => refused('read', what, errno, open, ...span)),
    ...BAD_SPANS.map(([what, span, errno]) => refused('write', what, errno, open, ...span)),
    ...BAD_TIMEOUTS.map(([what, value, errno]) => refused('lock', `timeout ${what}`, errno, open, value)),
    refused('read', 'descriptor of a directory', 'EISDIR', folder, bytes, 0, 4),
    refused('write', 'descriptor of a directory', 'EBADF', folder, bytes, 0, 4),
  ];
}

/** `spare` is a path that may be used, and that is not. */
export function wrongPaths(paths: readonly Bad[], spare: string): Case[] {
  return [
    ...paths.flatMap(([what, path, errno]) => [
      refused('openWithFlags', `path ${what}`, errno, path, READ, 0),
      refused('rename', `from ${what}`, errno, path, spare),
      refused('rename', `to ${what}`, errno, spare, path),
      refused('unlink', what, errno, path),
      refused('mkdir', `path ${what}`, errno, path, 0o700),
      refused('rmdir', what, errno, path),
      refused('readdir', what, errno, path),
      refused('stat', `path ${what}`, errno, path, true),
      refused('readlink', what, errno, path),
    ]),
    ...badIntegers(1, 255).map(([what, flags, errno]) =>
      refused('openWithFlags', `flags ${what}`, errno, spare, flags, 0),
    ),
    ...BAD_MODES.flatMap(([what, mode, errno]) => [
      refused('openWithFlags', `mode ${what}`, errno, spare, READ, mode),
      refused('mkdir', `mode ${what}`, errno, spare, mode),
    ]),
    ...[undefined, null, 1, 'true', {}].map((follow) =>
      refused('stat', `follow ${JSON.stringify(follow)}`, 'EINVAL', spare, follow),
    ),
  ];
}

/** What the file `file` of the directory says now, up to so many bytes. */
export function textOf(sys: Sys, directory: string, count: number): string {
  const fd = sys.open(`${directory}/file`, { read: true });
  const buffer = new Uint8Array(16);
  const length = sys.read(fd, buffer, 3, count);
  sys.close(fd);
  return sys.decodeUtf8(buffer, 3, length);
}

/** Leaves the file `file` behind, empty. */
export function goodFiles(sys: Sys, directory: string): Case[] {
  const open = (options: OpenOptions) => sys.open(`${directory}/file`, options);
  const read = (count: number) => textOf(sys, directory, count);
  return [
    { name: 'open: missing file', expected: 'ENOENT', run: () => open({ read: true }) },
    {
      name: 'open: missing directory',
      expected: 'ENOENT',
      run: () => sys.open(`${directory}/no/file`, { write: true, create: true }),
    },
    works('write, fsync, fstat, close', () => {
      const fd = open({ write: true, create: true, exclusive: true, mode: 0o640 });
      expectEqual(sys.write(fd, sys.encodeUtf8('xxhello'), 2, 5), 5);
      sys.fsync(fd);
      const { type, sizeBytes } = sys.fstat(fd);
      expectEqual([type, sizeBytes], ['file', 5]);
      sys.close(fd);
    }),
    works('read into the middle of a buffer', () => expectEqual(read(13), 'hello')),
    works('read of nothing', () => expectEqual(read(0), '')),
    {
      name: 'open: exclusive',
      expected: 'EEXIST',
      run: () => open({ write: true, create: true, exclusive: true }),
    },
    works('open: append', () => {
      const fd = open({ write: true, append: true });
      expectEqual(sys.write(fd, sys.encodeUtf8('!'), 0, 1), 1);
      sys.close(fd);
      expectEqual(read(13), 'hello!');
    }),
    works('open: truncate', () => {
      sys.close(open({ write: true, truncate: true }));
      expectEqual(read(13), '');
    }),
    { name: 'open: directory', expected: 'ENOTDIR', run: () => open({ read: true, directory: true }) },
  ];
}

/** Makes the directory `d` with the file `été` in it. */
export function goodTree(sys: Sys, directory: string): Case[] {
  const at = (name: string) => `${directory}/${name}`;
  return [
    works('mkdir, readdir, rename', () => {
      sys.close(sys.open(at('file'), { write: true, create: true }));
      sys.mkdir(at('d'), 0o750);
      expectEqual(sys.stat(at('d'), false).type, 'directory');
      expectEqual(sys.readdir(at('d')), []);
      sys.rename(at('file'), at('d/été'));
      expectEqual(sys.readdir(at('d')), ['été']);
    }),
    { name: 'mkdir: again', expected: 'EEXIST', run: () => sys.mkdir(at('d'), 0o750) },
    { name: 'rmdir: not empty', expected: 'ENOTEMPTY', run: () => sys.rmdir(at('d')) },
    { name: 'rmdir: a file', expected: 'ENOTDIR', run: () => sys.rmdir(at('d/été')) },
    { name: 'unlink: a directory', expected: 'EISDIR', run: () => sys.unlink(at('d')) },
    { name: 'readdir: a file', expected: 'ENOTDIR', run: () => sys.readdir(at('d/été')) },
  ];
}

/** Takes them away again, and looks for what is not there. */
export function goneTree(sys: Sys, directory: string): Case[] {
  const at = (name: string) => `${directory}/${name}`;
  const enoent = (name: string, run: () => unknown): Case => ({ name, expected: 'ENOENT', run });
  return [
    works('unlink, rmdir', () => {
      sys.unlink(at('d/été'));
      sys.rmdir(at('d'));
      expectTrue(!sys.readdir(directory).includes('d'), 'an end of the directory');
    }),
    enoent('unlink: missing', () => sys.unlink(at('x'))),
    enoent('rmdir: missing', () => sys.rmdir(at('x'))),
    enoent('rename: missing', () => sys.rename(at('x'), at('y'))),
    enoent('readdir: missing', () => sys.readdir(at('x'))),
    enoent('stat: missing', () => sys.stat(at('x'), true)),
  ];
}
