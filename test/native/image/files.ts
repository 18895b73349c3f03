/** Cases for open files and for the file tree. */
import type { OpenOptions } from '../../../src/sys/sys.ts';
import { goneTree, goodFiles, goodTree, READ, READ_AND_WRITE, wrongFiles, wrongPaths } from './any-files.ts';
import { BAD_PATHS, badFds } from './bad.ts';
import { type Case, call, expectEqual, expectTrue, refused, works } from './check.ts';
import type { Fixture } from './fixture.ts';

export function fileCases(fixture: Fixture): Case[] {
  const { sys, directory, foreignFd } = fixture;
  const zero = call('openWithFlags', '/dev/zero', READ_AND_WRITE, 0);
  const root = call('openWithFlags', '/', READ, 0);
  return [
    ...wrongFiles(zero, root, badFds(foreignFd)),
    refused(
      'write',
      'descriptor for reading',
      'EBADF',
      call('openWithFlags', '/dev/zero', READ, 0),
      new Uint8Array(4),
      0,
      4,
    ),
    ...wrongPaths(BAD_PATHS, '/tmp/x'),
    ...goodFiles(sys, directory),
    ...modesAndLocks(fixture),
    ...goodTree(sys, directory),
    ...linksAndTimes(fixture),
    ...goneTree(sys, directory),
    works('nothing is left', () => expectEqual(sys.readdir(directory), [])),
  ];
}

function modesAndLocks({ sys, directory }: Fixture): Case[] {
  const path = `${directory}/file`;
  const open = (options: OpenOptions) => sys.open(path, options);
  return [
    works('open: the mode of the call', () => expectEqual(sys.stat(path, true).mode, 0o640)),
    works('open: default mode', () => {
      const fd = sys.open(`${directory}/secret`, { write: true, create: true });
      expectEqual(sys.fstat(fd).mode, 0o600);
      sys.close(fd);
      sys.unlink(`${directory}/secret`);
    }),
    works('lock: free, held by another, released', () => {
      const [first, second] = [open({ read: true }), open({ read: true })];
      expectTrue(sys.lock(first, 0), 'a free lock');
      expectTrue(!sys.lock(second, 0), 'no lock at once');
      const startedUs = sys.monotonicUs();
      expectTrue(!sys.lock(second, 60), 'no lock in time');
      const waitedMs = (sys.monotonicUs() - startedUs) / 1000;
      expectTrue(waitedMs >= 60 && waitedMs < 30_000, `a wait of 60 ms, not ${waitedMs}`);
      sys.close(first);
      expectTrue(sys.lock(second, 60), 'the released lock');
      sys.close(second);
    }),
    works('open: a FIFO does not hang', () => {
      const fifo = `${directory}/fifo`;
      sys.spawn({
        argv: ['/usr/bin/mkfifo', fifo],
        env: {},
        stdin: '',
        timeoutMs: 30_000,
        maxOutputBytes: 1000,
      });
      const fd = sys.open(fifo, { read: true });
      expectEqual(sys.fstat(fd).type, 'other');
      expectEqual(sys.read(fd, new Uint8Array(1), 0, 1), 0);
      sys.close(fd);
      sys.unlink(fifo);
    }),
  ];
}

function linksAndTimes({ sys, directory }: Fixture): Case[] {
  const at = (name: string) => `${directory}/${name}`;
  return [
    works('stat follows or not, readlink', () => {
      const argv = ['/bin/ln', '-s', at('d/été'), at('link')];
      sys.spawn({ argv, env: {}, stdin: '', timeoutMs: 30_000, maxOutputBytes: 1000 });
      expectEqual([sys.stat(at('link'), true).type, sys.stat(at('link'), false).type], ['file', 'symlink']);
      expectEqual(sys.readlink(at('link')), at('d/été'));
      expectEqual(sys.stat(at('link'), true).inode, sys.stat(at('d/été'), true).inode);
    }),
    {
      name: 'open: noFollow',
      expected: 'ELOOP',
      run: () => sys.open(at('link'), { read: true, noFollow: true }),
    },
    {
      name: 'open: directory',
      expected: 'ENOTDIR',
      run: () => sys.open(at('link'), { read: true, directory: true }),
    },
    { name: 'readlink: no link', expected: 'EINVAL', run: () => sys.readlink(at('d')) },
    works('stat: other empty objects stay empty', () => {
      const empty: Record<string, number> = {};
      const { type } = sys.stat(at('d'), true);
      empty.first = 1;
      expectEqual([type, Object.keys(empty), Object.keys({})], ['directory', ['first'], []]);
    }),
    works('stat: time', () => {
      const ageMs = sys.realtimeMs() - sys.stat(at('d'), true).mtimeMs;
      expectTrue(ageMs > -1000 && ageMs < 60_000, `a young directory, not ${ageMs} ms`);
    }),
    { name: 'readlink: missing', expected: 'ENOENT', run: () => sys.readlink(at('x')) },
    works('unlink: a link, not what it leads to', () => {
      sys.unlink(at('link'));
      expectEqual(sys.stat(at('d/été'), true).type, 'file');
    }),
  ];
}
