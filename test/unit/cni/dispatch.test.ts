/** What a call prints: results, failures, VERSION, and what it is when nobody calls it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { runPlugin } from '../../../src/cni/dispatch.ts';
import { CNI_VERSIONS, type CniCommand } from '../../../src/cni/types.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { failure } from '../../../src/sys/failure.ts';
import { err, ok } from '../../../src/sys/result.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { callSys } from './call-sys.ts';
import { BASE_CONFIG, env, fakePlugin, NEWEST, ONE_ADDRESS, run } from './calls.ts';

const COMMANDS: readonly CniCommand[] = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'];

test('runPlugin() prints the result of ADD, indented, in the version of the request', () => {
  const ran = run(env('ADD'), BASE_CONFIG);
  assert.equal(ran.status, 0);
  assert.equal(
    ran.stdout,
    `{
    "cniVersion": "0.3.1",
    "ips": [
        {
            "version": "4",
            "address": "10.240.0.5/16"
        }
    ],
    "dns": {}
}`,
  );
  assert.equal(ran.stderr, '');
});

test('runPlugin() prints nothing when the other commands succeed', () => {
  for (const command of COMMANDS.slice(1)) {
    const ran = run(env(command), NEWEST);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', ''], command);
    assert.equal(ran.requests[0]?.env.command, command);
  }
});

test("runPlugin() prints a plugin's failure with code, message on one line, and details", () => {
  const lost = failure('POOL_EXHAUSTED', 'No available addresses:\n 3 of 3 used', 'in\n10.240.0.0/16');
  const ran = run(env('ADD'), NEWEST, { plugin: fakePlugin({ add: () => err(lost) }) });
  assert.equal(ran.status, 1);
  assert.deepEqual(ran.document, {
    cniVersion: '1.1.0',
    code: 11,
    msg: 'No available addresses: 3 of 3 used',
    details: 'in\n10.240.0.0/16',
  });
});

test("runPlugin() passes on another plugin's own code", () => {
  const foreign = { ...failure('DELEGATE_FAILED', 'no'), cniCode: 117 };
  const ran = run(env('DEL'), NEWEST, { plugin: fakePlugin({ del: () => err(foreign) }) });
  assert.deepEqual(ran.document, { cniVersion: '1.1.0', code: 117, msg: 'no' });
});

test('runPlugin() answers an exception with code 999 and keeps the stack in the log', () => {
  const plugin = fakePlugin({
    add: () => {
      throw new TypeError('x is undefined');
    },
  });
  const ran = run(env('ADD'), BASE_CONFIG, { plugin });
  assert.equal(ran.status, 1);
  assert.deepEqual(ran.document, { cniVersion: '0.3.1', code: 999, msg: 'x is undefined' });
  assert.match(ran.log.entries[0]?.text ?? '', /x is undefined\n.*dispatch\.test\.ts/s);
  assert.deepEqual([ran.log.fields.code, ran.log.fields.error], ['999', 'x is undefined']);
});

test('runPlugin() answers a result that the version cannot express with code 999', () => {
  const empty = { ...ONE_ADDRESS, ips: [] };
  const ran = run(
    env('ADD'),
    { ...BASE_CONFIG, cniVersion: '0.2.0' },
    { plugin: fakePlugin({ add: () => ok(empty) }) },
  );
  assert.deepEqual([ran.status, ran.document.code], [1, 999]);
  assert.equal(ran.document.msg, 'cannot convert: no valid IP addresses');
});

test('runPlugin() fails when stdout is closed, and says so in the log', () => {
  const sys = Object.assign(callSys({ env: env('ADD'), stdin: JSON.stringify(BASE_CONFIG) }), {
    write: () => {
      throw new SysError('EPIPE', 'write', 'fd 1');
    },
  });
  const log = new OperationLog(sys);
  assert.equal(runPlugin(sys, fakePlugin(), log), 1);
  assert.deepEqual(log.entries, [{ level: 'error', text: 'Cannot write to stdout: write fd 1: EPIPE' }]);
});

test('runPlugin() writes a long result in pieces', () => {
  const ran = run(env('ADD'), BASE_CONFIG, { world: { chunkBytes: 1 } });
  assert.deepEqual(ran.document.ips, [{ version: '4', address: '10.240.0.5/16' }]);
});

// ---- VERSION and no command ----

test('runPlugin() answers VERSION without reading stdin or looking at other variables', () => {
  const ran = run({ CNI_COMMAND: 'VERSION', CNI_CONTAINERID: '%%%', CNI_IFNAME: '..' }, undefined);
  assert.equal(ran.status, 0);
  const versions = CNI_VERSIONS.map((version) => `"${version}"`).join(',');
  assert.equal(ran.stdout, `{"cniVersion":"1.1.0","supportedVersions":[${versions}]}\n`);
});

test('runPlugin() describes itself on stderr when there is no command', () => {
  for (const environ of [{}, { CNI_COMMAND: '' }]) {
    const ran = run(environ, undefined);
    assert.deepEqual([ran.status, ran.stdout], [0, '']);
    assert.equal(
      ran.stderr,
      'azure-vnet: CNI plugin, connects containers to the Azure Virtual Network\n' +
        'CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n',
    );
  }
});
