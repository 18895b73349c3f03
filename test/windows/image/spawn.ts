/** Cases for child processes; the child is child.c. */
import type { SpawnRequest } from '../../../src/sys/sys.ts';
import { BAD_TIMEOUTS, badIntegers } from '../../native/image/bad.ts';
import { type Case, expectEqual, expectTrue, refused, works } from '../../native/image/check.ts';
import { BAD_WINDOWS_PATHS } from './bad-windows.ts';
import type { WindowsFixture } from './fixture.ts';

const MIB = 1024 * 1024;
/** Wine needs a part of a second to start a program, more on a busy machine. */
const START_MS = 60_000;

export function spawnCases(fixture: WindowsFixture): Case[] {
  return [...wrongSpawns(fixture), ...goodSpawns(fixture), ...endedSpawns(fixture)];
}

function wrongSpawns({ child, directory }: WindowsFixture): Case[] {
  const spawn = (what: string, errno: string, ...args: readonly unknown[]) =>
    refused('spawnWithLists', what, errno, ...args);
  const withArgv = (what: string, errno: string, argv: unknown) =>
    spawn(what, errno, argv, [], '', 1000, 100);
  const withEnv = (what: string, errno: string, env: unknown) =>
    spawn(what, errno, [child], env, '', 1000, 100);
  const noLists = [undefined, null, child, { length: 1, 0: child }, new Uint8Array(4)];
  return [
    ...noLists.map((list, index) => withArgv(`argv no array ${index}`, 'EINVAL', list)),
    ...noLists.map((list, index) => withEnv(`environment no array ${index}`, 'EINVAL', list)),
    ...BAD_WINDOWS_PATHS.map(([what, path, errno]) => withArgv(`program ${what}`, errno, [path])),
    withArgv('argv empty', 'EINVAL', []),
    withArgv('argument a number', 'EINVAL', [child, 1]),
    withArgv('argument with NUL', 'EINVAL', [child, 'a\0b']),
    withArgv('too many arguments', 'E2BIG', new Array(5000).fill(child)),
    withEnv('environment entry without =', 'EINVAL', ['A']),
    withEnv('environment entry without name', 'EINVAL', ['=b']),
    spawn('stdin no string', 'EINVAL', [child], [], undefined, 1000, 100),
    ...BAD_TIMEOUTS.map(([what, value, errno]) =>
      spawn(`timeout ${what}`, errno, [child], [], '', value, 100),
    ),
    ...badIntegers(1, 16 * MIB).map(([what, value, errno]) =>
      spawn(`maxOutputBytes ${what}`, errno, [child], [], '', 1000, value),
    ),
    withArgv('program missing', 'ENOENT', [`${directory}/nowhere.exe`]),
    withArgv('program a directory', 'EACCES', [directory]),
  ];
}

function runner({ sys, child }: WindowsFixture) {
  return (args: readonly string[], more: Partial<SpawnRequest> = {}) =>
    sys.spawn({
      argv: [child, ...args],
      env: { SystemRoot: 'C:\\windows' },
      stdin: '',
      timeoutMs: START_MS,
      maxOutputBytes: 2 * MIB,
      ...more,
    });
}

/** Arguments that a careless command line divides or changes. */
const ARGUMENTS = [
  '',
  ' ',
  'a b',
  '"',
  'a"b',
  '\\',
  'a\\',
  'a\\\\ b',
  'a\\"b',
  'C:\\Program Files\\',
  '\\\\',
  "'",
  '%PATH%',
  '^&|<>',
  '*',
  'tab\there',
  '컨테이너 😀',
];

function goodSpawns(fixture: WindowsFixture): Case[] {
  const run = runner(fixture);
  return [
    works('spawn: status, stdout, stderr', () => {
      const { status, signal, stdout, stderr, timedOut, truncated } = run(['streams', 'out', 'err', '7']);
      expectEqual([status, signal, stdout, stderr], [7, 0, 'out', 'err']);
      expectEqual([timedOut, truncated], [false, false]);
    }),
    works('spawn: arguments arrive as they were', () => {
      const { stdout } = run(['arguments', ...ARGUMENTS]);
      expectEqual(stdout.split('\n').slice(0, -1), ARGUMENTS);
    }),
    works('spawn: environment only as given, in UTF-16', () => {
      const env = { SystemRoot: 'C:\\windows', 'Name with spaces': 'b=c', ZETA: '값', alpha: '' };
      const { stdout } = run(['environment'], { env });
      const lines = stdout.split('\n');
      expectTrue(lines.includes('Name with spaces=b=c') && lines.includes('ZETA=값'), `both, not ${stdout}`);
      expectTrue(!stdout.includes('HOST_TEST='), 'nothing of our own environment');
    }),
    works('spawn: a megabyte through both pipes', () => {
      expectEqual(run(['copy'], { stdin: 'x'.repeat(MIB) }).stdout.length, MIB);
    }),
    works('spawn: a child that does not read', () => {
      expectEqual(run(['streams', '', '', '3'], { stdin: 'x'.repeat(MIB) }).status, 3);
    }),
    works('spawn: exactly as much output as allowed', () => {
      const { stdout, truncated } = run(['streams', 'x'.repeat(1000), '', '0'], { maxOutputBytes: 1000 });
      expectEqual([stdout.length, truncated], [1000, false]);
    }),
  ];
}

function endedSpawns(fixture: WindowsFixture): Case[] {
  const { sys } = fixture;
  const run = runner(fixture);
  const withinMs = (limitMs: number, work: () => void) => {
    const startedUs = sys.monotonicUs();
    work();
    expectTrue(sys.monotonicUs() - startedUs < limitMs * 1000, `an end within ${limitMs} ms`);
  };
  return [
    works('spawn: ended at the deadline, with its children', () => {
      withinMs(START_MS, () => {
        const { status, signal, timedOut } = run(['family', '60000'], { timeoutMs: 2000 });
        expectEqual([status, signal, timedOut], [-1, 9, true]);
      });
    }),
    works('spawn: too much output', () => {
      const { stdout, truncated, signal } = run(['endless'], { maxOutputBytes: 1000 });
      expectEqual([stdout.length, truncated, signal], [1000, true, 9]);
    }),
    works('spawn: a grandchild keeps the pipes', () => {
      withinMs(START_MS, () => {
        const { status, timedOut } = run(['orphan', '60000']);
        expectEqual([status, timedOut], [0, false]);
      });
    }),
  ];
}
