import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationLog } from '../../../src/state/oplog.ts';
import type { SpawnRequest, SpawnResult } from '../../../src/sys/sys.ts';
import { copyLinkDns, valuesOf } from '../../../src/vnet/resolved.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

test('valuesOf() gives the words behind the link', () => {
  const cases = [
    ['Link 2 (eth0): 168.63.129.16 10.0.0.10\n', ['168.63.129.16', '10.0.0.10']],
    ['Link 2 (eth0): fd00::10 fe80::1%2\n', ['fd00::10', 'fe80::1%2']],
    ['Link 2 (eth0): abc.internal.cloudapp.net ~.\n', ['abc.internal.cloudapp.net', '~.']],
    ['Link 2 (eth0): 10.0.0.10\n  10.0.0.11\n', ['10.0.0.10', '10.0.0.11']],
    ['Link 2 (eth0):\n', []],
    ['', []],
    ['Failed to resolve interface "eth9"', []],
  ] as const;
  for (const [line, words] of cases) assert.deepEqual(valuesOf(line), words);
});

interface Run {
  readonly commands: string[];
  readonly notes: string[];
}

/** Copies from eth0 to azure0 in a world with these files and this resolvectl. */
function copied(files: readonly string[], resolvectl: (words: string) => Partial<SpawnResult>): Run {
  const world = new FakeWorld();
  for (const path of files) world.write(path, '');
  const commands: string[] = [];
  const spawn = ({ argv }: SpawnRequest): SpawnResult => {
    commands.push(argv.join(' '));
    const end = { status: 0, signal: 0, stdout: '', stderr: '', timedOut: false, truncated: false };
    return { ...end, ...resolvectl(argv.slice(1).join(' ')) };
  };
  const sys = world.process({ spawn });
  const log = new OperationLog(sys);
  copyLinkDns({ sys, log }, 'eth0', 'azure0');
  return { commands, notes: log.entries.map(({ level, text }) => `${level}: ${text}`) };
}

const RUNNING = ['/run/systemd/resolve/resolv.conf', '/usr/bin/resolvectl'];

test('copyLinkDns() gives the bridge the servers and domains of the NIC', () => {
  const shown: Readonly<Record<string, string>> = {
    'dns eth0': 'Link 2 (eth0): 168.63.129.16 10.0.0.10\n',
    'domain eth0': 'Link 2 (eth0): abc.internal.cloudapp.net\n',
  };
  const { commands, notes } = copied(RUNNING, (words) => ({ stdout: shown[words] ?? '' }));
  assert.deepEqual(commands, [
    '/usr/bin/resolvectl dns eth0',
    '/usr/bin/resolvectl dns azure0 168.63.129.16 10.0.0.10',
    '/usr/bin/resolvectl domain eth0',
    '/usr/bin/resolvectl domain azure0 abc.internal.cloudapp.net',
  ]);
  assert.deepEqual(notes, []);
});

test('copyLinkDns() sets nothing where the NIC has nothing', () => {
  const { commands } = copied(RUNNING, () => ({ stdout: 'Link 2 (eth0):\n' }));
  assert.deepEqual(commands, ['/usr/bin/resolvectl dns eth0', '/usr/bin/resolvectl domain eth0']);
});

test('copyLinkDns() runs nothing without systemd-resolved', () => {
  const never = () => assert.fail('nothing is run');
  for (const files of [[], ['/usr/bin/resolvectl'], ['/run/systemd/resolve/resolv.conf']]) {
    assert.deepEqual(copied(files, never), { commands: [], notes: [] });
  }
});

test('copyLinkDns() notes what it could not copy, and goes on', () => {
  const { commands, notes } = copied(RUNNING, (words) =>
    words === 'dns eth0' ? { stdout: 'Link 2 (eth0): 10.0.0.10' } : { status: 1, stderr: 'Access denied\n' },
  );
  assert.deepEqual(commands.length, 3);
  assert.deepEqual(notes, [
    'warn: systemd-resolved: the dns settings of eth0 were not copied to azure0: Access denied',
    'warn: systemd-resolved: the domain settings of eth0 were not copied to azure0: Access denied',
  ]);
});

test('copyLinkDns() notes a resolvectl that does not answer', () => {
  const { notes } = copied(RUNNING, () => ({ status: -1, signal: 9, timedOut: true }));
  assert.match(notes[0] ?? '', /no answer in 2000 ms$/);
});
