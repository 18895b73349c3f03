/** Cases for child processes, namespaces, the environment and the clocks. */
import { isErrno, type SpawnRequest, type Sys } from '../../../src/sys/sys.ts';
import { BAD_PATHS, BAD_TIMEOUTS, badFds, badIntegers } from './bad.ts';
import { type Case, call, expectEqual, expectTrue, refused, works } from './check.ts';
import type { Fixture } from './fixture.ts';

const MIB = 1024 * 1024;
/** Each is for a machine on which a child had no time to print anything within the one before. */
const DEADLINES_MS = [500, 5000, 30_000];
/** A child that was detached has written its file by then, on any machine. */
const DETACHED_LIMIT_MS = 60_000;
const LOOK_MS = 10;

export function processCases(fixture: Fixture): Case[] {
  return [...wrongSpawns(), ...goodSpawns(fixture.sys), ...selfCases(fixture), ...clockCases(fixture.sys)];
}

function wrongSpawns(): Case[] {
  const spawn = (what: string, errno: string, ...args: readonly unknown[]) =>
    refused('spawnWithLists', what, errno, ...args);
  const withArgv = (what: string, errno: string, argv: unknown) =>
    spawn(what, errno, argv, [], '', 1000, 100);
  const withEnv = (what: string, errno: string, env: unknown) =>
    spawn(what, errno, ['/bin/true'], env, '', 1000, 100);
  const noLists = [undefined, null, '/bin/true', { length: 1, 0: '/bin/true' }, new Uint8Array(4)];
  return [
    ...noLists.map((list, index) => withArgv(`argv no array ${index}`, 'EINVAL', list)),
    ...noLists.map((list, index) => withEnv(`environment no array ${index}`, 'EINVAL', list)),
    ...BAD_PATHS.map(([what, path, errno]) => withArgv(`program ${what}`, errno, [path])),
    withArgv('argv empty', 'EINVAL', []),
    withArgv('argument a number', 'EINVAL', ['/bin/true', 1]),
    withArgv('argument with NUL', 'EINVAL', ['/bin/true', 'a\0b']),
    withArgv('array that ends early', 'EINVAL', ['/bin/true', ...new Array(3)]),
    withArgv('too many arguments', 'E2BIG', new Array(5000).fill('/bin/true')),
    withArgv('shrinking array', 'EINVAL', shrinking()),
    withEnv('environment entry a number', 'EINVAL', ['A=b', 1]),
    withEnv('environment entry without =', 'EINVAL', ['A']),
    withEnv('environment entry without name', 'EINVAL', ['=b']),
    withEnv('environment entry empty', 'EINVAL', ['']),
    withEnv('environment entry with NUL', 'EINVAL', ['A=\0']),
    ...[undefined, null, 1, new Uint8Array(1)].map((stdin, index) =>
      spawn(`stdin no string ${index}`, 'EINVAL', ['/bin/true'], [], stdin, 1000, 100),
    ),
    spawn('stdin too long', 'E2BIG', ['/bin/true'], [], 'x'.repeat(17 * MIB), 1000, 100),
    ...BAD_TIMEOUTS.map(([what, value, errno]) =>
      spawn(`timeout ${what}`, errno, ['/bin/true'], [], '', value, 100),
    ),
    ...badIntegers(1, 16 * MIB).map(([what, value, errno]) =>
      spawn(`maxOutputBytes ${what}`, errno, ['/bin/true'], [], '', 1000, value),
    ),
    withArgv('program missing', 'ENOENT', ['/nowhere/program']),
    withArgv('program not executable', 'EACCES', ['/etc/passwd']),
    withArgv('program a directory', 'EACCES', ['/etc']),
  ];
}

/** An array that removes its other elements when the first one is read. */
function shrinking(): unknown[] {
  const array: unknown[] = ['/bin/true', 'a', 'b'];
  Object.defineProperty(array, 0, {
    get: () => {
      array.length = 1;
      return '/bin/true';
    },
  });
  return array;
}

function goodSpawns(sys: Sys): Case[] {
  const run = (script: string, more: Partial<SpawnRequest> = {}) =>
    sys.spawn({
      argv: ['/bin/sh', '-c', script],
      env: { PATH: '/usr/bin:/bin' },
      stdin: '',
      timeoutMs: 30_000,
      maxOutputBytes: MIB,
      ...more,
    });
  return [
    works('spawn: status, stdout, stderr', () => {
      const { status, signal, stdout, stderr, timedOut, truncated } = run('echo out; echo err >&2; exit 7');
      expectEqual([status, signal, stdout, stderr], [7, 0, 'out\n', 'err\n']);
      expectEqual([timedOut, truncated], [false, false]);
    }),
    works('spawn: stdin and environment only as given', () => {
      const { stdout } = run('cat; env', { stdin: 'in\n', env: { A: 'b=c' } });
      expectTrue(stdout.startsWith('in\n') && stdout.includes('\nA=b=c\n'), `stdin and A, not ${stdout}`);
      expectTrue(!stdout.includes('HOST_TEST='), 'nothing of our own environment');
    }),
    works('spawn: a megabyte through both pipes', () => {
      const { stdout } = run('cat', { stdin: 'x'.repeat(MIB) });
      expectEqual(stdout.length, MIB);
    }),
    works('spawn: a child that does not read', () => {
      expectEqual(run('exit 0', { stdin: 'x'.repeat(MIB) }).status, 0);
    }),
    works('spawn: the child gets SIGPIPE', () => expectEqual(run('kill -PIPE $$').signal, 13)),
    works('spawn: only 0 to 2 are open', () => {
      expectEqual(run('cd /proc/$$/fd; for fd in *; do [ -h $fd ] && echo $fd; done').stdout, '0\n1\n2\n');
    }),
    works('spawn: killed at the deadline with its children', () => {
      const startedUs = sys.monotonicUs();
      const killed = DEADLINES_MS.map(
        (timeoutMs) => () => run('echo first; sleep 60 & sleep 60', { timeoutMs }),
      );
      const { status, signal, timedOut, stdout } = firstOf(killed, (ran) => ran.stdout !== '');
      expectEqual([status, signal, timedOut, stdout], [-1, 9, true, 'first\n']);
      expectTrue(sys.monotonicUs() - startedUs < 55_000_000, 'an end long before that of the children');
    }),
    works('spawn: killed at the deadline with closed output', () => {
      expectTrue(run('exec >&- 2>&-; sleep 60', { timeoutMs: 200 }).timedOut, 'an end at the deadline');
    }),
    works('spawn: a child that closes its output and then reads', () => {
      const { status, timedOut } = run('exec >&- 2>&-; test $(wc -c) = 1048576', { stdin: 'x'.repeat(MIB) });
      expectEqual([status, timedOut], [0, false]);
    }),
    works('spawn: too much output', () => {
      const { stdout, truncated, signal } = run('while :; do echo 0123456789; done', {
        maxOutputBytes: 1000,
      });
      expectEqual([stdout.length, truncated, signal], [1000, true, 9]);
    }),
    works('spawn: exactly as much output as allowed', () => {
      const { stdout, truncated } = run('printf %1000s x', { maxOutputBytes: 1000 });
      expectEqual([stdout.length, truncated], [1000, false]);
    }),
    works('spawn: a grandchild keeps the pipes', () => {
      const startedUs = sys.monotonicUs();
      const { stdout, timedOut } = run('sleep 60 & echo $!');
      expectEqual(timedOut, false);
      expectTrue(sys.monotonicUs() - startedUs < 30_000_000, 'no wait for the grandchild');
      run(`kill ${Number(stdout)}`);
    }),
    works('spawn: output that is not UTF-8', () => {
      expectEqual(run("printf 'a\\377b'").stdout, 'a\ufffdb');
    }),
  ];
}

/** The first result that is good, else the last. */
function firstOf<T>(attempts: readonly (() => T)[], isGood: (result: T) => boolean): T {
  const [attempt, ...others] = attempts;
  if (attempt === undefined) throw new Error('nothing to attempt');
  const result = attempt();
  return others.length === 0 || isGood(result) ? result : firstOf(others, isGood);
}

function selfCases({ sys, directory, foreignFd }: Fixture): Case[] {
  const ownNetns = () => sys.open('/proc/self/ns/net', { read: true });
  const isRoot = sys.stat('/proc/self', true).type === 'directory' && sys.environ().HOST_TEST_ROOT === '1';
  return [
    ...badFds(foreignFd).map(([what, fd, errno]) => refused('setNetns', what, errno, fd)),
    refused('setNetns', 'descriptor of a file', 'EINVAL', call('openWithFlags', '/dev/null', 1, 0)),
    {
      name: 'setNetns: own namespace',
      expected: isRoot ? 'ok' : 'EPERM',
      run: () => sys.setNetns(ownNetns()),
    },
    ...badIntegers(0, 255).map(([what, status, errno]) => refused('exit', what, errno, status)),
    works('pid', () => expectEqual(sys.readlink('/proc/self'), String(sys.pid()))),
    works('args', () => expectEqual(sys.args()[1], directory)),
    works('environ: first of two, empty, any name', () => {
      const environ = sys.environ();
      expectEqual(Object.getPrototypeOf(environ), null);
      expectEqual([environ.HOST_TEST, environ.EMPTY], ['a=b', '']);
      expectEqual(Object.entries(environ).find(([name]) => name === '__proto__')?.[1], 'polluted');
    }),
    works('detach: the child goes on alone', () => {
      const path = `${directory}/child`;
      const held = sys.open(directory, { read: true });
      const socket = sys.netlink(0);
      if (sys.detach() === 'child') detachedChild(sys, path);
      for (let waitedMs = 0; waitedMs < DETACHED_LIMIT_MS; waitedMs += LOOK_MS) {
        if (sys.readdir(directory).includes('child')) break;
        sys.sleepMs(LOOK_MS);
      }
      const buffer = new Uint8Array(2000);
      const fd = sys.open(path, { read: true });
      const [session, pid, null0, null1, null2, kept, ...others] = sys
        .decodeUtf8(buffer, 0, sys.read(fd, buffer, 0, 2000))
        .split(' ');
      expectTrue(session === pid && Number(pid) !== sys.pid(), 'a process in a session of its own');
      expectEqual([null0, null1, null2], ['/dev/null', '/dev/null', '/dev/null']);
      /* Of the parent's descriptors only sockets are left, this one among them. */
      expectEqual(kept, `fd${socket}`);
      expectEqual(
        others.filter((target) => !target.startsWith('socket:')),
        [],
      );
      expectEqual(sys.fstat(held).type, 'directory');
      sys.close(socket);
      sys.unlink(path);
    }),
  ];
}

/**
 * Writes session, pid, the targets of 0 to 2, the parent's last socket and the targets of all other
 * descriptors above; the parent waits for the file.
 */
function detachedChild(sys: Sys, path: string): never {
  try {
    const buffer = new Uint8Array(4096);
    const stat = sys.open('/proc/self/stat', { read: true });
    const session = sys.decodeUtf8(buffer, 0, sys.read(stat, buffer, 0, 4096)).split(' ')[5];
    sys.close(stat);
    const targets = [0, 1, 2].map((fd) => sys.readlink(`/proc/self/fd/${fd}`));
    const above = openAbove(sys);
    const kept = above.filter(({ target }) => target.startsWith('socket:')).at(-1);
    const words = [session, sys.pid(), ...targets, `fd${kept?.fd}`, ...above.map(({ target }) => target)];
    const text = sys.encodeUtf8(words.join(' '));
    const fd = sys.open(`${path}.new`, { write: true, create: true });
    sys.write(fd, text, 0, text.length);
    sys.rename(`${path}.new`, path);
  } finally {
    sys.exit(0);
  }
}

/** Descriptors above 2 that are still open; the one with which they were listed is closed again. */
function openAbove(sys: Sys): { readonly fd: number; readonly target: string }[] {
  const fds = sys
    .readdir('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2);
  return fds.flatMap((fd) => {
    try {
      return [{ fd, target: sys.readlink(`/proc/self/fd/${fd}`) }];
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  });
}

function clockCases(sys: Sys): Case[] {
  return [
    ...BAD_TIMEOUTS.map(([what, value, errno]) => refused('sleepMs', what, errno, value)),
    works('sleepMs, monotonicUs', () => {
      const startedUs = sys.monotonicUs();
      sys.sleepMs(20);
      const sleptUs = sys.monotonicUs() - startedUs;
      expectTrue(
        Number.isInteger(sleptUs) && sleptUs >= 20_000 && sleptUs < 30_000_000,
        `20 ms, not ${sleptUs} us`,
      );
    }),
    ...[-1, 0.5, Number.NaN, '1', undefined].map((time, index) =>
      refused('sleepUntilUs', `no time ${index}`, 'EINVAL', time),
    ),
    refused('sleepUntilUs', 'twenty minutes', 'EINVAL', sys.monotonicUs() + 1_200_000_000),
    works('sleepUntilUs', () => {
      const startedUs = sys.monotonicUs();
      sys.sleepUntilUs(startedUs - 1);
      sys.sleepUntilUs(startedUs + 20_000);
      expectTrue(sys.monotonicUs() >= startedUs + 20_000, 'not before its time');
    }),
    works('realtimeMs', () => {
      expectTrue(Math.abs(sys.realtimeMs() - Date.now()) < 30_000, 'the time of day');
    }),
  ];
}
