import {
  goneTree,
  goodFiles,
  goodTree,
  READ,
  textOf,
  wrongFiles,
  wrongPaths,
} from '../../native/image/any-files.ts';
import { type Case, call, expectEqual, expectTrue, refused, works } from '../../native/image/check.ts';
import { BAD_WINDOWS_PATHS } from './bad-windows.ts';
import { badDescriptors, type WindowsFixture } from './fixture.ts';

const WRITE_AND_CREATE = 7;

export function fileCases(fixture: WindowsFixture): Case[] {
  const { sys, directory } = fixture;
  const open = call('openWithFlags', `${directory}/wrong`, WRITE_AND_CREATE, 0);
  const folder = call('openWithFlags', directory, READ, 0);
  return [
    ...wrongFiles(open, folder, badDescriptors(fixture)),
    ...wrongPaths(BAD_WINDOWS_PATHS, `${directory}/spare`),
    ...wrongOnWindows(fixture),
    ...goodFiles(sys, directory),
    ...sharedFiles(fixture),
    ...goodTree(sys, directory),
    ...linksAndTimes(fixture),
    ...goneTree(sys, directory),
    ...names(fixture),
  ];
}

function wrongOnWindows({ sys, directory }: WindowsFixture): Case[] {
  const spare = `${directory}/spare`;
  return [
    ...BAD_WINDOWS_PATHS.flatMap(([what, path, errno]) => [
      refused('link', `existing ${what}`, errno, path, spare),
      refused('link', `path ${what}`, errno, spare, path),
    ]),
    refused('openWithFlags', 'a drive that is not there', 'ENOENT', 'Q:/x', READ, 0),
    refused(
      'openWithFlags',
      'a name with a question mark',
      'EINVAL',
      `${directory}/a?b`,
      WRITE_AND_CREATE,
      0,
    ),
    refused('readlink', 'anything', 'ENOSYS', directory),
    {
      name: 'open: a directory for writing',
      expected: 'EISDIR',
      run: () => sys.open(directory, { write: true }),
    },
  ];
}

function sharedFiles({ sys, directory }: WindowsFixture): Case[] {
  const path = `${directory}/file`;
  return [
    works('bytes are not translated', () => {
      const fd = sys.open(path, { write: true });
      sys.write(fd, sys.encodeUtf8('a\nb\r\n\u001a'), 0, 6);
      sys.close(fd);
      expectEqual(textOf(sys, directory, 13), 'a\nb\r\n\u001a');
    }),
    works('lock: free, held by another, released; what is in the file can be read', () => {
      const [first, second] = [1, 2].map(() => sys.open(path, { read: true, write: true }));
      if (first === undefined || second === undefined) throw new Error('two descriptors');
      expectTrue(sys.lock(first, 0), 'a free lock');
      expectTrue(!sys.lock(second, 0), 'no lock at once');
      const startedUs = sys.monotonicUs();
      expectTrue(!sys.lock(second, 60), 'no lock in time');
      const waitedMs = (sys.monotonicUs() - startedUs) / 1000;
      expectTrue(waitedMs >= 60 && waitedMs < 60_000, `a wait of 60 ms, not ${waitedMs}`);
      expectTrue(sys.read(second, new Uint8Array(4), 0, 4) > 0, 'the content');
      sys.close(first);
      expectTrue(sys.lock(second, 5000), 'the released lock');
      sys.close(second);
    }),
    works('rename: over a file that somebody reads', () => {
      const reader = sys.open(path, { read: true });
      sys.close(sys.open(`${path}.new`, { write: true, create: true }));
      try {
        sys.rename(`${path}.new`, path);
      } finally {
        sys.close(reader);
      }
      expectEqual(sys.stat(path, true).sizeBytes, 0);
    }),
    works('unlink: of a file that somebody reads; its name is free at once', () => {
      const reader = sys.open(path, { read: true });
      sys.unlink(path);
      try {
        sys.close(sys.open(path, { write: true, create: true, exclusive: true }));
      } finally {
        sys.close(reader);
      }
    }),
  ];
}

function linksAndTimes({ sys, directory }: WindowsFixture): Case[] {
  const at = (name: string) => `${directory}/${name}`;
  return [
    works('stat: device, inode, time', () => {
      const [found, again] = [sys.stat(at('d/été'), true), sys.stat(at('d/./../d//été'), false)];
      expectEqual([found.dev, found.inode, found.type], [again.dev, again.inode, 'file']);
      expectTrue(found.inode !== sys.stat(at('d'), true).inode, 'an inode of its own');
      const ageMs = sys.realtimeMs() - found.mtimeMs;
      expectTrue(ageMs > -2000 && ageMs < 600_000, `a young file, not ${ageMs} ms`);
    }),
    works('link: a second name of the same file', () => {
      sys.link(at('d/été'), at('d/other'));
      expectEqual(sys.stat(at('d/other'), true).inode, sys.stat(at('d/été'), true).inode);
      sys.unlink(at('d/other'));
    }),
    {
      name: 'link: there already',
      expected: 'EEXIST',
      run: () => sys.link(at('d/été'), at('d/été')),
    },
    works('mkdir: a private directory', () => {
      sys.mkdir(at('p'), 0o700);
      expectEqual(sys.stat(at('p'), true).mode, 0o700);
      sys.rmdir(at('p'));
    }),
    { name: 'link: missing', expected: 'ENOENT', run: () => sys.link(at('x'), at('y')) },
  ];
}

/** Names that are something else, or nothing, in paths as most programs write them. */
const ODD_NAMES = [
  'con',
  'NUL.txt',
  'dot.',
  'space ',
  ' lead',
  'a b',
  '컨테이너',
  'ß',
  '😀',
  'a'.repeat(200),
];

function names({ sys, directory }: WindowsFixture): Case[] {
  return [
    ...ODD_NAMES.map((name) =>
      works(`a file called ${JSON.stringify(name.slice(0, 20))}`, () => {
        const path = `${directory}/${name}`;
        sys.close(sys.open(path, { write: true, create: true, exclusive: true }));
        expectTrue(sys.readdir(directory).includes(name), `${name} in its directory`);
        sys.unlink(path);
        expectTrue(!sys.readdir(directory).includes(name), `an end of ${name}`);
      }),
    ),
    works('a path of more than 260 characters', () => {
      const parts = [1, 2, 3].map((depth) => `${depth}`.repeat(120));
      const paths = parts.map((_, depth) => [directory, ...parts.slice(0, depth + 1)].join('/'));
      for (const path of paths) sys.mkdir(path, 0o750);
      const file = `${paths[2]}/file`;
      sys.close(sys.open(file, { write: true, create: true }));
      sys.rename(file, `${file}.new`);
      expectEqual(sys.readdir(paths[2] ?? ''), ['file.new']);
      expectEqual(sys.stat(`${file}.new`, true).type, 'file');
      sys.unlink(`${file}.new`);
      for (const path of paths.reverse()) sys.rmdir(path);
    }),
  ];
}
