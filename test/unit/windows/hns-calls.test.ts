import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationLog } from '../../../src/state/oplog.ts';
import { SysError } from '../../../src/sys/sys.ts';
import type { HnsAnswer } from '../../../src/sys/windows.ts';
import { HnsCalls } from '../../../src/windows/hns-calls.ts';
import { WindowsMachine } from './machine.ts';

function calls(timeoutMs = 5000): HnsCalls {
  const vm = new WindowsMachine();
  const sys = vm.windows(vm.world.process());
  return new HnsCalls(sys, new OperationLog(sys), timeoutMs);
}

function outcome(answer: Partial<HnsAnswer>) {
  const done = calls().run('HcnX', () => ({ hresult: 0, call: 'HcnX', text: '', error: '', ...answer }));
  return done.ok ? { value: done.value } : `${done.error.kind}: ${done.error.message}`;
}

test('HnsCalls.run() takes every HRESULT below 0x80000000 for success', () => {
  assert.deepEqual(outcome({ text: '{"ID":"x"}' }), { value: { ID: 'x' } });
  assert.deepEqual(outcome({ hresult: 1 }), { value: undefined });
  assert.match(String(outcome({ hresult: 0x80004005 })), /^refused: HcnX: HcnX failed with 0x80004005$/);
});

test('HnsCalls.run() takes the words of the error record, of a success as well, and its own where there are none', () => {
  const error = '{"Success":false,"Error":"The policy\\nis bad. ","ErrorCode":2151350285}';
  assert.equal(
    outcome({ hresult: 0x803b000d, error }),
    'refused: HcnX: HcnX failed with 0x803b000d: The policy is bad. ',
  );
  assert.match(String(outcome({ error: 'no JSON' })), /^refused: .*no JSON$/);
  assert.match(
    String(outcome({ hresult: 0x80070005 })),
    /access is denied; the plugin must run as an administrator$/,
  );
  assert.match(String(outcome({ hresult: 0x80070426 })), /Start-Service hns$/);
});

test('HnsCalls.run() knows what is not there by its HRESULT', () => {
  for (const hresult of [0x80070490, 0x803b0001, 0x803b0002, 0x8037010e, 0xc037010e]) {
    assert.match(String(outcome({ hresult })), /^not-found: /);
  }
});

test('HnsCalls.run() does not ask again after silence, and names the call and its deadline', () => {
  const all = calls(7000);
  let asked = 0;
  const silent = () => {
    asked++;
    throw new SysError('ETIMEDOUT', 'hns', 'HcnX');
  };
  for (let i = 0; i < 3; i++) {
    const done = all.run('HcnX', silent);
    assert.deepEqual(done.ok || done.error, {
      kind: 'timeout',
      message: 'HNS did not answer HcnX within 7 s',
    });
  }
  assert.equal(asked, 1);
});

test('HnsCalls.v1() reads the envelope of version 1', () => {
  const v1 = (text: string) => {
    const all = calls();
    Object.assign(all.sys, { hnsCall: () => ({ hresult: 0, call: 'HNSCall', text, error: '' }) });
    const done = all.v1('GET', '/networks/');
    return done.ok ? { value: done.value } : `${done.error.kind}: ${done.error.message}`;
  };
  assert.deepEqual(v1('{"Success":true,"Output":[1]}'), { value: [1] });
  assert.deepEqual(v1('{"Success":true}'), { value: undefined });
  assert.match(
    String(v1('{"Success":false,"Error":"Bad thing. "}')),
    /^refused: .*HNS failed with error : Bad thing\. /,
  );
  assert.match(String(v1('{"Success":false,"Error":"The endpoint was not found. "}')), /^not-found: /);
  assert.match(
    String(v1('{"Success":false,"Error":"","ErrorCode":-2143617022}')),
    /^not-found: .*no reason given/,
  );
  assert.match(String(v1('[]')), /^refused: .*not a JSON object/);
  assert.match(String(v1('{')), /^refused: .*not JSON/);
});
