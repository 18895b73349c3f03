import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { breakdown } from '../../../bench/breakdown.ts';
import { readOptions } from '../../../bench/options.ts';
import { allReached, breakdownText, figuresOf, type Side, tableText } from '../../../bench/report.ts';
import { median, percentile } from '../../../bench/statistics.ts';

test('median() is the middle, or the mean of the two in the middle', () => {
  assert.equal(median([3]), 3);
  assert.equal(median([10, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), /nothing was measured/);
});

test('percentile() is the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual(
    [0, 0.01, 0.5, 0.95, 1].map((share) => percentile(hundred, share)),
    [1, 1, 50, 95, 100],
  );
  assert.equal(percentile([7], 0.95), 7);
  assert.throws(() => percentile([], 0.5), /nothing was measured/);
});

test('median() and percentile() lie within the list and leave it as it was', () => {
  const list = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
  fc.assert(
    fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const copy = [...values];
      for (const value of [median(values), percentile(values, share)]) {
        assert.ok(value >= Math.min(...values) && value <= Math.max(...values));
      }
      assert.deepEqual(values, copy);
    }),
  );
});

const OURS: Side = {
  title: 'ours',
  measured: {
    wallMs: { ADD: [3, 4, 5], DEL: [6, 6, 6], VERSION: [1] },
    cpuMs: { ADD: [2, 2, 3], DEL: [1], VERSION: [1] },
    peakRssKib: 2048,
  },
  sizeBytes: 1_250_000,
};
const THEIRS: Side = {
  title: 'theirs',
  measured: {
    wallMs: { ADD: [10, 10, 20], DEL: [20, 20, 20], VERSION: [2] },
    cpuMs: { ADD: [8], DEL: [5], VERSION: [2] },
    peakRssKib: 8192,
  },
  sizeBytes: 5_000_000,
};

test('figuresOf() and tableText() tell medians, ratios and which targets are reached', () => {
  const figures = figuresOf(OURS, THEIRS);
  assert.equal(
    tableText(figures, 'ours', 'theirs'),
    [
      '                               ours    theirs  ratio  target',
      'ADD median                  4.00 ms  10.00 ms   0.40  ratio ≤ 0.40 reached',
      'ADD p95                     5.00 ms  20.00 ms   0.25',
      'ADD CPU median              2.00 ms   8.00 ms   0.25',
      'DEL median                  6.00 ms  20.00 ms   0.30  ratio ≤ 0.25 MISSED',
      'DEL p95                     6.00 ms  20.00 ms   0.30',
      'DEL CPU median              1.00 ms   5.00 ms   0.20',
      'start-up (VERSION) median   1.00 ms   2.00 ms   0.50',
      'peak RSS                   2.00 MiB  8.00 MiB   0.25  ≤ 2.5 MiB reached',
      'executables                 1.25 MB   5.00 MB   0.25',
      '',
    ].join('\n'),
  );
  assert.equal(allReached(figures), false);
  assert.equal(allReached(figures.filter(({ name }) => name !== 'DEL median')), true);
});

test('the target for the peak RSS is of ours alone', () => {
  const heavy = { ...OURS, measured: { ...OURS.measured, peakRssKib: 2561 } };
  const rss = figuresOf(heavy, THEIRS).find(({ name }) => name === 'peak RSS');
  assert.deepEqual(rss?.target, { of: 'value', atMost: 2.5, reached: false });
});

test('breakdown() takes the last calls of a command and the median of each step', () => {
  const line = (command: string, us: number, ...steps: [string, number][]) =>
    JSON.stringify({ ts: '2030-01-01T00:00:00Z', command, us, steps });
  const log = [
    line('ADD', 90_000, ['network', 80_000]),
    line('ADD', 3000, ['rules', 500], ['veth', 1000], ['rules', 500]),
    line('DEL', 9999, ['disconnect', 9999]),
    line('ADD', 5000, ['veth', 3000], ['rules', 2000], ['ask address source', 100]),
    '',
  ].join('\n');
  const found = breakdown(log, 'ADD', 2);
  assert.deepEqual(found, {
    command: 'ADD',
    calls: 2,
    insideMs: 4,
    steps: [
      { name: 'rules', ms: 1.5, calls: 2 },
      { name: 'veth', ms: 2, calls: 2 },
      { name: 'ask address source', ms: 0.1, calls: 1 },
    ],
  });
  assert.equal(
    breakdownText(found, 6),
    [
      'ADD, medians                    6.00 ms',
      '  start and end of the process  2.00 ms',
      '  inside the plugin             4.00 ms',
      '    rules                       1.50 ms',
      '    veth                        2.00 ms',
      '    ask address source          0.10 ms  in 1 of 2 calls',
      '',
    ].join('\n'),
  );
});

test('readOptions() has defaults, and refuses what it does not know', () => {
  assert.deepEqual(readOptions([]), {
    rounds: 200,
    ipconfigs: 30,
    json: false,
    breakdown: false,
    enforce: false,
  });
  assert.equal(readOptions(['--rounds', '7', '--enforce']).rounds, 7);
  for (const rounds of ['0', '-1', '2001', '1e3', 'x', '']) {
    assert.throws(
      () => readOptions([`--rounds=${rounds}`]),
      /--rounds is ".*", not a whole number from 1 to 2000/,
    );
  }
  assert.throws(() => readOptions(['--ipconfigs=251']), /from 2 to 250/);
  assert.throws(() => readOptions(['--fast']), /--fast/);
});
