import assert from 'node:assert/strict';
import test from 'node:test';
import {
  BUSY_RETRY_MS,
  DELEGATE_TIMEOUT_MS,
  delegateIpam,
  MAX_BUSY_RETRIES,
  MAX_DELEGATE_OUTPUT_BYTES,
} from '../../../src/cni/delegate.ts';
import { findPlugin, isSelf } from '../../../src/cni/find-plugin.ts';
import type { CniCommand, CniVersion } from '../../../src/cni/types.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { type SpawnRequest, type SpawnResult, SysError } from '../../../src/sys/sys.ts';
import { callSys, exited } from './call-sys.ts';
import { BASE_CONFIG, net, requestOf } from './calls.ts';

const FILES = { '/opt/cni/bin/host-local': '1:7' };
const RESULT = '{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.240.0.5/16"}]}';
const MINUS_FIVE = { ips: [{ address: net('10.240.0.5/16') }], interfaces: [], routes: [], dns: {} };

type Answers = Partial<Record<string, SpawnResult>>;

/** Delegates to a plugin that answers each command with `answers`, or with success. */
function delegate(command: Exclude<CniCommand, 'VERSION'>, answers: Answers, version: CniVersion = '0.3.1') {
  return delegateWith(command, (request) => answers[request.env.CNI_COMMAND ?? ''] ?? exited(0), version);
}

function delegateWith(
  command: Exclude<CniCommand, 'VERSION'>,
  spawn: (request: SpawnRequest) => SpawnResult,
  version: CniVersion = '0.3.1',
) {
  const env = { CNI_COMMAND: 'ADD', CNI_IFNAME: 'another', PATH: '/bin', FAKE: 'x' };
  const sys = callSys({ env, files: FILES, spawn });
  const log = new OperationLog(sys);
  const request = requestOf({ ...BASE_CONFIG }, {}, { version });
  const result = delegateIpam({ sys, log }, request, 'host-local', command);
  const commands = sys.spawned.map((call) => call.env.CNI_COMMAND);
  return { result, commands, sys, log };
}

function messageOf(ran: ReturnType<typeof delegate>): string {
  return ran.result.ok ? assert.fail('it succeeded') : ran.result.error.message;
}

test('delegateIpam() runs the plugin with the environment, the command, the attachment of the request and its configuration', () => {
  const ran = delegate('DEL', {});
  assert.deepEqual(ran.result, { ok: true, value: undefined });
  assert.deepEqual(ran.sys.spawned, [
    {
      argv: ['/opt/cni/bin/host-local'],
      env: {
        CNI_COMMAND: 'DEL',
        CNI_CONTAINERID: 'c1',
        CNI_IFNAME: 'eth0',
        CNI_NETNS: '/run/netns/c1',
        CNI_PATH: '/opt/cni/bin',
        PATH: '/bin',
        FAKE: 'x',
      },
      stdin: JSON.stringify(BASE_CONFIG),
      timeoutMs: DELEGATE_TIMEOUT_MS,
      maxOutputBytes: MAX_DELEGATE_OUTPUT_BYTES,
    },
  ]);
  assert.deepEqual(
    ran.log.steps.map((step) => step.name),
    ['exec host-local DEL'],
  );
});

test('delegateIpam() returns the result of ADD', () => {
  const ran = delegate('ADD', { ADD: exited(0, RESULT) });
  assert.deepEqual(ran.result, { ok: true, value: MINUS_FIVE });
  assert.deepEqual(ran.commands, ['ADD']);
});

test('delegateIpam() converts a result of another version', () => {
  const legacy = exited(0, '{"cniVersion":"0.2.0","ip4":{"ip":"10.240.0.5/16"}}');
  assert.deepEqual(delegate('ADD', { ADD: legacy }, '1.1.0').result, { ok: true, value: MINUS_FIVE });
});

test('delegateIpam() reads a result without version as one of the configuration', () => {
  const legacy = exited(0, '{"ip4":{"ip":"10.240.0.5/16"}}');
  assert.deepEqual(delegate('ADD', { ADD: legacy }, '0.2.0').result, { ok: true, value: MINUS_FIVE });
  const current = exited(0, '{"ips":[{"address":"10.240.0.5/16"}]}');
  assert.deepEqual(delegate('ADD', { ADD: current }, '1.0.0').result, { ok: true, value: MINUS_FIVE });
});

test('delegateIpam() passes on the error with its own code, and runs DEL after a failed ADD', () => {
  const ran = delegate('ADD', {
    ADD: exited(1, '{"code":11,"msg":"pool is empty","details":"10.91.0.0/24"}'),
  });
  assert.deepEqual(ran.result, {
    ok: false,
    error: { code: 'DELEGATE_FAILED', message: 'pool is empty', details: '10.91.0.0/24', cniCode: 11 },
  });
  assert.deepEqual(ran.commands, ['ADD', 'DEL']);
});

for (const command of ['DEL', 'CHECK', 'GC', 'STATUS'] as const) {
  test(`delegateIpam() passes on an error of ${command} and runs nothing else`, () => {
    const ran = delegate(command, { [command]: exited(1, '{"code":50,"msg":"no"}') });
    assert.equal(!ran.result.ok && ran.result.error.cniCode, 50);
    assert.deepEqual(ran.commands, [command]);
  });
}

const failures: readonly [string, SpawnResult, string][] = [
  ['an empty result', exited(0), 'printed no result'],
  ['garbage', exited(0, 'garbage\nmore'), 'printed no JSON result but: garbage more'],
  ['a result that is no object', exited(0, '[]'), 'printed a malformed result: expected an object, got []'],
  [
    'a result of an unknown version',
    exited(0, '{"cniVersion":"7"}'),
    'printed a malformed result: unsupported cniVersion "7"',
  ],
  ['a result without ips', exited(0, '{"ips":[]}'), 'returned no addresses'],
  ['a null result', exited(0, 'null'), 'returned no addresses'],
  ['failure in silence', exited(1), 'exit status 1 without an error message'],
  [
    'failure with words on stderr',
    exited(2, '', 'panic: x\n'),
    'exit status 2 without an error message; stderr: panic: x',
  ],
  ['failure with garbage', exited(1, 'oops'), 'exit status 1, and printed no CNI error but: oops'],
  [
    'an error without code',
    exited(1, '{"msg":"x"}'),
    'exit status 1, and printed no CNI error but: {"msg":"x"}',
  ],
  ['a signal', { ...exited(-1), signal: 9 }, 'killed by signal 9 without an error message'],
  ['no end', { ...exited(-1), timedOut: true, signal: 9 }, 'not finished after 60000 ms'],
  ['no end of words', { ...exited(-1), truncated: true }, 'printed more than 4194304 bytes'],
];
for (const [what, answer, message] of failures) {
  test(`delegateIpam() explains ${what}, and runs DEL`, () => {
    const ran = delegate('ADD', { ADD: answer });
    assert.equal(messageOf(ran), `IPAM plugin "host-local" failed: ${message}`);
    assert.equal(!ran.result.ok && ran.result.error.code, 'DELEGATE_FAILED');
    assert.deepEqual(ran.commands, ['ADD', 'DEL']);
  });
}

test('delegateIpam() notes a DEL that fails after a failed ADD', () => {
  const ran = delegate('ADD', { ADD: exited(1), DEL: exited(1, '{"code":5,"msg":"disk full"}') });
  assert.match(messageOf(ran), /exit status 1/);
  assert.deepEqual(ran.log.entries, [{ level: 'warn', text: 'DEL after the failed ADD: disk full' }]);
});

test('delegateIpam() hands stderr through', () => {
  const ran = delegate('ADD', { ADD: exited(0, RESULT, 'hello from ipam\n') });
  assert.equal(ran.sys.stderr(), 'hello from ipam\n');
  assert.equal(ran.sys.stdout(), '');
});

test('delegateIpam() tries again while the file is being replaced', () => {
  let busy = 2;
  const ran = delegateWith('ADD', () => {
    if (busy-- > 0) throw new SysError('ETXTBSY', 'spawn', '');
    return exited(0, RESULT);
  });
  assert.ok(ran.result.ok);
  assert.deepEqual(ran.sys.sleeps, [BUSY_RETRY_MS, BUSY_RETRY_MS]);
});

test('delegateIpam() gives up when the file stays busy', () => {
  const ran = delegateWith('DEL', () => {
    throw new SysError('ETXTBSY', 'spawn', 'x');
  });
  assert.match(messageOf(ran), /ETXTBSY/);
  assert.equal(ran.sys.spawned.length, MAX_BUSY_RETRIES + 1);
});

test('delegateIpam() does not try again after other refusals', () => {
  const ran = delegateWith('DEL', () => {
    throw new SysError('EACCES', 'spawn', 'x');
  });
  assert.equal(messageOf(ran), 'IPAM plugin "host-local" failed: spawn x: EACCES');
  assert.equal(ran.sys.spawned.length, 1);
});

test('delegateIpam() runs nothing when there is no such plugin', () => {
  const sys = callSys({ env: {}, files: FILES });
  const context = { sys, log: new OperationLog(sys) };
  const result = delegateIpam(context, requestOf({}), 'nope', 'ADD');
  const message = 'failed to find plugin "nope" in path [/opt/cni/bin]';
  assert.deepEqual(result, { ok: false, error: { code: 'PLUGIN_NOT_FOUND', message } });
});

// ---- findPlugin, isSelf ----

const directory = { dev: '1', inode: '1', type: 'directory', mode: 0o755, sizeBytes: 0, mtimeMs: 0 } as const;

test('findPlugin() takes the first regular file of the name', () => {
  const sys = callSys({ files: { '/a/x': directory, '/b/x': '1:2', '/c/x': '1:3' } });
  assert.deepEqual(findPlugin(sys, 'x', ['/none', '/a', '/b/', '/c']), {
    ok: true,
    value: { path: '/b/x', dev: '1', inode: '2' },
  });
});

test('findPlugin() refuses a name that is a path', () => {
  const sys = callSys({ files: { '/a/b': '1:1', '/a/': directory } });
  for (const name of ['', '../a/b', 'a/b', '/a/b']) {
    const result = findPlugin(sys, name, ['/a', '/']);
    assert.equal(!result.ok && result.error.code, 'INVALID_CONFIG', name);
  }
});

test('isSelf() compares device and inode with the running executable', () => {
  const found = { path: '/a/x', dev: '8', inode: '5' };
  assert.equal(isSelf(callSys({ files: { '/proc/self/exe': '8:5' } }), found), true);
  assert.equal(isSelf(callSys({ files: { '/proc/self/exe': '8:6' } }), found), false);
  assert.equal(isSelf(callSys({ files: { '/proc/self/exe': '9:5' } }), found), false);
  assert.equal(isSelf(callSys({ files: {} }), found), false);
});
