import assert from 'node:assert/strict';
import test from 'node:test';
import { RETRY_AFTER_MS, SOURCES_DIR } from '../../../src/ipam/cache.ts';
import type { TcpServer } from '../../support/fake-sys.ts';
import { eth0, FakeVm, httpAnswer, range } from './fake-vm.ts';

const INTERVAL_MS = 10_000;

function vm(count = 5): FakeVm {
  return new FakeVm(eth0(range('10.240.0.5', count)));
}

test('ADD asks the source once per query interval', () => {
  const machine = vm();
  machine.add('c1');
  machine.world.nowMs += INTERVAL_MS - 1;
  machine.add('c2');
  assert.equal(machine.queries, 1);
  machine.world.nowMs += 1;
  machine.add('c3');
  assert.equal(machine.queries, 2);
});

test('ADD takes the query interval of the configuration', () => {
  const machine = vm();
  machine.add('c1', { ipam: { queryInterval: 60 } });
  machine.world.nowMs += 59_000;
  machine.add('c2', { ipam: { queryInterval: 60 } });
  assert.equal(machine.queries, 1);
  machine.add('c3', { ipam: { queryInterval: '30' } });
  assert.equal(machine.queries, 2);
});

test('ADD asks anew when the clock was set back', () => {
  const machine = vm();
  machine.add('c1');
  machine.world.nowMs -= 60_000;
  machine.add('c2');
  assert.equal(machine.queries, 2);
});

test('ADD keeps the pools of two sources apart', () => {
  const machine = vm();
  machine.world.tcp.set('127.0.0.1:8000', () => ({
    chunks: [httpAnswer(machine.xml().replaceAll('10.240.0.', '10.240.9.'))],
    end: 'close',
  }));
  assert.equal(machine.add('c1'), '10.240.0.5');
  assert.equal(machine.add('c2', { ipam: { queryUrl: 'http://127.0.0.1:8000/x' } }), '10.240.9.5');
  assert.equal(machine.add('c3'), '10.240.0.6');
});

const BAD_ANSWERS: readonly [what: string, server: TcpServer][] = [
  ['refuses', 'refuse'],
  ['hangs', () => ({ chunks: [], end: 'hang' })],
  ['fails', () => ({ chunks: ['HTTP/1.1 500 No\r\n\r\n'], end: 'close' })],
  ['answers garbage', () => ({ chunks: [httpAnswer('<<<')], end: 'close' })],
  ['answers half', () => ({ chunks: [httpAnswer('<Interfaces/>').slice(0, -4)], end: 'close' })],
  ['answers nothing', () => ({ chunks: [httpAnswer('<Interfaces/>')], end: 'close' })],
  [
    'answers for another machine',
    () => ({
      chunks: [httpAnswer('<Interfaces><Interface MacAddress="000D3AFFFFFF"/></Interfaces>')],
      end: 'close',
    }),
  ],
];

for (const [what, server] of BAD_ANSWERS) {
  test(`ADD uses the last good answer, with a note, when the source ${what}`, () => {
    const machine = vm();
    machine.add('c1');
    machine.wireserver(server);
    machine.world.nowMs += 3 * INTERVAL_MS;
    assert.equal(machine.add('c2'), '10.240.0.6');
    assert.match(
      machine.notes.join(),
      /address source http:\/\/168\.63\.129\.16.*; its answer of 30 s ago is used/,
    );
    machine.wireserver();
    machine.nics = [eth0(range('10.240.0.5', 2))];
    machine.world.nowMs += RETRY_AFTER_MS;
    const refused = machine.add('c3');
    assert.ok(
      typeof refused === 'object' && refused.code === 'POOL_EXHAUSTED',
      'the next good answer counts',
    );
  });

  test(`ADD fails with SOURCE_UNAVAILABLE when the source ${what} and nothing is cached`, () => {
    const machine = vm();
    machine.wireserver(server);
    const refused = machine.add('c1');
    assert.ok(typeof refused === 'object' && refused.code === 'SOURCE_UNAVAILABLE');
    assert.match(refused.message, /http:\/\/168\.63\.129\.16.* gave no addresses: .*nothing is cached/);
    machine.wireserver();
    assert.equal(machine.add('c1'), '10.240.0.5');
  });
}

test('ADD leaves a silent source alone for a while, and so waits once', () => {
  const machine = vm();
  machine.add('c1');
  machine.wireserver(() => ({ chunks: [], end: 'hang' }));
  machine.world.nowMs += INTERVAL_MS;
  const startMs = machine.world.nowMs;
  for (const container of ['c2', 'c3', 'c4']) assert.equal(typeof machine.add(container), 'string');
  assert.equal(machine.world.nowMs - startMs, 2000);
  machine.world.nowMs = startMs + RETRY_AFTER_MS;
  machine.add('c5');
  assert.equal(machine.queries, 3);
});

test('ADD does not ask while another call is asking', () => {
  const machine = vm();
  machine.add('c1');
  machine.world.nowMs += INTERVAL_MS;
  let inner: unknown;
  machine.wireserver(() => {
    machine.wireserver();
    inner = machine.add('c2');
    return { chunks: [httpAnswer(machine.xml())], end: 'close' };
  });
  assert.equal(machine.add('c3'), '10.240.0.7');
  assert.equal(inner, '10.240.0.6', 'the call in between is served, so the lock is not held');
  assert.equal(machine.queries, 2);
});

test('ADD asks early when nothing is free, but not more than once a second', () => {
  const machine = vm(1);
  machine.add('c1');
  const [nic] = machine.nics;
  assert.ok(nic);
  nic.secondaries = range('10.240.0.5', 2);
  machine.world.nowMs += 999;
  assert.equal(typeof machine.add('c2'), 'object');
  assert.equal(machine.queries, 1);
  machine.world.nowMs += 1;
  assert.equal(machine.add('c2'), '10.240.0.6');
  assert.equal(typeof machine.add('c3'), 'object');
  assert.equal(machine.queries, 2);
});

test('ADD asks early for a subnet, a master and a requested address that it does not know', () => {
  for (const [ipam, config] of [
    [{ subnet: '10.9.0.0/16' }, {}],
    [{}, { master: 'eth1' }],
    [{ ipAddress: '10.9.0.5' }, {}],
  ]) {
    const machine = vm();
    machine.add('c1');
    machine.world.nowMs += 1000;
    const mac = '00:0d:3a:00:00:01';
    const second = { index: 3, name: 'eth1', mac, primary: '10.9.0.4/16', isPrimary: false };
    machine.nics.push({ ...second, secondaries: ['10.9.0.5'] });
    assert.equal(machine.add('c2', { ipam: { ...ipam }, config: { ...config } }), '10.9.0.5');
  }
});

test('ADD rebuilds a damaged cache', () => {
  const machine = vm();
  machine.add('c1');
  const [file] = machine.world.list(SOURCES_DIR);
  for (const content of [
    '',
    '{}',
    '{"fetchedMs":1,"pools":[{}]}',
    '{"fetchedMs":"x","pools":[]}',
    '\0\0\0',
  ]) {
    machine.world.write(`${SOURCES_DIR}/${file}`, content);
    assert.equal(machine.add('c1'), '10.240.0.5');
    assert.match(machine.notes.join(), /set aside/);
  }
  assert.equal(machine.queries, 6);
});

test('ADD goes on when the answer cannot be kept', () => {
  const machine = vm();
  let writes = 0;
  const fault = (call: { name: string }) => (call.name === 'fsync' && ++writes === 1 ? 'ENOSPC' : undefined);
  assert.equal(machine.add('c1', { process: { fault } }), '10.240.0.5');
  assert.match(machine.notes.join(), /cannot be kept: .*ENOSPC/);
});
