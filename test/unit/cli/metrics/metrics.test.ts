import assert from 'node:assert/strict';
import test from 'node:test';
import { exposition } from '../../../../src/cli/metrics/exposition.ts';
import { nodeFamilies, operationFamilies } from '../../../../src/cli/metrics/families.ts';
import { OperationTotals } from '../../../../src/cli/metrics/operations.ts';
import { forEachLine, MAX_LINE_BYTES } from '../../../../src/cli/metrics/read-log.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { node } from '../node/facts.ts';

function totalsOf(...lines: readonly (object | string)[]): OperationTotals {
  const totals = new OperationTotals();
  for (const line of lines) totals.add(typeof line === 'string' ? line : JSON.stringify(line));
  return totals;
}

test('OperationTotals counts results, codes and durations by command', () => {
  const totals = totalsOf(
    { command: 'ADD', result: 'ok', us: 1000 },
    { command: 'ADD', result: 'ok', us: 1001 },
    { command: 'ADD', result: 'error', code: '11', us: 20_000_000 },
    { command: 'repair', result: 'error', us: 5 },
  );
  const add = totals.byCommand.get('ADD');
  assert.deepEqual([add?.ok, add?.failed, [...(add?.errors ?? [])]], [2, 1, [['11', 1]]]);
  assert.deepEqual(add?.buckets, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(add?.sumUs, 20_002_001);
  assert.deepEqual([...(totals.byCommand.get('repair')?.errors ?? [])], [['none', 1]]);
});

test('OperationTotals counts lines that are no operation and goes on', () => {
  const totals = totalsOf(
    '{"command":"ADD","result":"ok","us":',
    'x',
    '[]',
    { command: 'ADD', result: 'ok', us: -1 },
    { command: 'ADD', result: 'fine', us: 1 },
    { command: 'ADD', result: 'ok' },
    { command: 'DEL', result: 'ok', us: 1 },
  );
  assert.equal(totals.damagedLines, 6);
  assert.deepEqual([...totals.byCommand.keys()], ['DEL']);
});

test('OperationTotals makes no label of a name or code from outside', () => {
  const totals = totalsOf(
    { command: 'x"} 1\n', result: 'error', code: 'y"', us: 1 },
    { result: 'ok', us: 1 },
    { command: 5, result: 'ok', us: 1 },
  );
  assert.deepEqual([...totals.byCommand.keys()], ['other']);
  assert.deepEqual([...(totals.byCommand.get('other')?.errors ?? [])], [['none', 1]]);
});

test('exposition() escapes labels and help, and leaves out families without samples', () => {
  assert.equal(
    exposition([
      {
        name: 'a',
        type: 'gauge',
        help: 'x\\y\nz',
        samples: [{ labels: { l: 'a"b\\c\nd', m: '' }, value: 1.5 }],
      },
      { name: 'b', type: 'counter', help: 'none', samples: [] },
      { name: 'c', type: 'counter', help: 'one', samples: [{ value: 0 }] },
    ]),
    '# HELP a x\\\\y\\nz\n# TYPE a gauge\na{l="a\\"b\\\\c\\nd",m=""} 1.5\n# HELP c one\n# TYPE c counter\nc 0\n',
  );
});

test('operationFamilies() makes cumulative buckets that end in the count', () => {
  const families = operationFamilies(
    totalsOf({ command: 'ADD', result: 'ok', us: 3000 }, { command: 'ADD', result: 'ok', us: 9e9 }),
  );
  const text = exposition(families);
  const buckets = [...text.matchAll(/_bucket\{command="ADD",le="([^"]+)"\} (\d+)/g)].map(([, le, count]) => [
    le,
    count,
  ]);
  assert.deepEqual(buckets.slice(0, 4), [
    ['0.001', '0'],
    ['0.0025', '0'],
    ['0.005', '1'],
    ['0.01', '1'],
  ]);
  assert.deepEqual(buckets.at(-1), ['+Inf', '2']);
  assert.match(text, /_sum\{command="ADD"\} 9000\.003\n/);
  assert.match(text, /_count\{command="ADD"\} 2\n/);
});

test('nodeFamilies() shows pools, endpoints, pending work and problems', () => {
  const text = exposition(nodeFamilies('v1.2.3', node(), []));
  for (const line of [
    'azure_vnet_build_info{version="v1.2.3"} 1',
    'azure_vnet_pool_size{subnet="10.240.0.0/16",nic="eth0"} 4',
    'azure_vnet_pool_addresses{subnet="10.240.0.0/16",nic="eth0",state="used"} 2',
    'azure_vnet_pool_addresses{subnet="10.240.0.0/16",nic="eth0",state="resting"} 1',
    'azure_vnet_pool_addresses{subnet="10.240.0.0/16",nic="eth0",state="free"} 1',
    'azure_vnet_pool_addresses{subnet="10.240.0.0/16",nic="eth0",state="on_host"} 0',
    'azure_vnet_endpoints{network="azure"} 2',
    'azure_vnet_rules_complete{network="azure"} 1',
    'azure_vnet_pending_deletions 0',
    'azure_vnet_problems{severity="error"} 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});

function linesOf(content: string | Uint8Array): string[] {
  const world = new FakeWorld();
  world.write('/var/log/x', content);
  const sys = world.process();
  const lines: string[] = [];
  forEachLine(sys, '/var/log/x', (line) => lines.push(line));
  assert.equal(sys.openDescriptors, 0);
  return lines;
}

test('forEachLine() sees every whole line once, whatever the size of the pieces', () => {
  assert.deepEqual(linesOf(''), []);
  assert.deepEqual(linesOf('a\n\nb\nno end'), ['a', 'b']);
  const many = Array.from({ length: 3000 }, (_, i) => `${i} ${'é'.repeat(i % 97)}`);
  assert.deepEqual(linesOf(`${many.join('\n')}\n`), many);
});

test('forEachLine() skips an endless line and goes on behind it', () => {
  const long = 'x'.repeat(2 * MAX_LINE_BYTES + 10);
  assert.deepEqual(linesOf(`first\n${long}\nlast\n`), ['first', 'last']);
});

test('forEachLine() takes no file for an empty one, and follows no symbolic link', () => {
  const world = new FakeWorld();
  const sys = world.process();
  forEachLine(sys, '/var/log/none', () => assert.fail('no line'));
  world.write('/etc/secret', 'x\n');
  world.symlink('/var/log/x', '/etc/secret');
  assert.throws(() => forEachLine(sys, '/var/log/x', () => assert.fail('no line')), { code: 'ELOOP' });
});
