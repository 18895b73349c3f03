import assert from 'node:assert/strict';
import test from 'node:test';
import type { Series } from '../../../bench/datapath/measure.ts';
import { readDatapathOptions } from '../../../bench/datapath/options.ts';
import { datapathFigures, datapathTargets, datapathText } from '../../../bench/datapath/report.ts';
import { originalRules } from '../../../bench/datapath/rules.ts';
import { loadTargets, loadText } from '../../../bench/load/report.ts';

function series(pods: number, protocol: Series['protocol'], ours: number[], theirs: number[]): Series[] {
  return [
    { pods, protocol, rules: 'nf_tables', perSecond: ours, perCpuSecond: ours },
    { pods, protocol, rules: 'ebtables', perSecond: theirs, perCpuSecond: theirs },
  ];
}

const MEASURED = [
  ...series(250, 'tcp', [9e9, 9.5e9], [5e9, 4e9]),
  ...series(2, 'tcp', [1e10, 8e9], [1e10, 9e9]),
  ...series(250, 'udp', [90e3, 80e3], [20e3, 15e3]),
  ...series(2, 'udp', [100e3, 60e3], [80e3, 80e3]),
];

test('datapathFigures() takes the best round, and compares with ebtables and with the fewest pods', () => {
  const figures = datapathFigures(MEASURED);
  assert.deepEqual(
    figures.map(({ protocol, pods, ratio, kept }) => [protocol, pods, ratio, kept]),
    [
      ['udp', 2, 1.25, 1],
      ['udp', 250, 4.5, 0.9],
      ['tcp', 2, 1, 1],
      ['tcp', 250, 1.9, 0.95],
    ],
  );
});

test('datapathTargets() wants the rate kept everywhere, and more than ebtables with many pods', () => {
  const targets = datapathTargets(datapathFigures(MEASURED));
  assert.deepEqual(
    targets.map(({ name, atLeast, reached }) => [name, atLeast, reached]),
    [
      ['UDP, 250 pods: share of the rate with the fewest', 0.9, true],
      ['UDP, 250 pods: times that of ebtables', 5, false],
      ['TCP, 250 pods: share of the rate with the fewest', 0.9, true],
      ['TCP, 250 pods: times that of ebtables', 1.8, true],
    ],
  );
  assert.match(
    datapathText(datapathFigures(MEASURED)),
    /UDP, 250 pods +90\.0 kpps +20\.0 kpps +4\.50 +0\.90\n/,
  );
});

test('originalRules() are three for the NIC and two for each pod, in order', () => {
  const nic = { name: 'eth0', mac: '00:0d:3a:00:00:01', primary: '10.240.0.4' };
  const pods = [
    { name: 'a', address: '10.240.0.5', mac: '02:0d:0a:f0:00:05' },
    { name: 'b', address: '10.240.0.6', mac: '02:0d:0a:f0:00:06' },
  ];
  const rules = originalRules(nic, pods)
    .split('\n')
    .filter((line) => line.startsWith('-A'));
  assert.equal(rules.length, 3 + 2 * pods.length);
  assert.match(
    rules[0] ?? '',
    /^-A POSTROUTING -s Unicast -o eth0 -j snat --to-src 00:0d:3a:00:00:01 --snat-arp/,
  );
  assert.match(rules.at(-1) ?? '', /-i eth0 --ip-dst 10\.240\.0\.6 -j dnat --to-dst 02:0d:0a:f0:00:06/);
});

test('readDatapathOptions() reads numbers of pods and refuses nonsense with one line', () => {
  assert.deepEqual(readDatapathOptions([]).pods, [2, 30, 250]);
  assert.deepEqual(readDatapathOptions(['--pods', '1,5', '--pod', 'middle']).pods, [1, 5]);
  for (const args of [
    ['--pods', '0'],
    ['--pods', '2,,3'],
    ['--pod', 'first'],
    ['--window', '1'],
  ]) {
    assert.throws(() => readDatapathOptions(args), /^Error: --\w+ is "[^"]*", not [^\n]+$/);
  }
});

test('loadTargets() judges calls with many pods and many calls at once', () => {
  const figures = {
    rounds: 3,
    scale: [
      { command: 'ADD', fewMs: 4, manyMs: 4.4, ratio: 1.1, cpuRatio: 1 },
      { command: 'DEL', fewMs: 4, manyMs: 5, ratio: 1.25, cpuRatio: 1 },
    ],
    parallel: { calls: 32, processors: 8, aloneMs: 4, slowestMs: 20, ratio: 5 },
  } as const;
  assert.deepEqual(
    loadTargets(figures).map(({ reached }) => reached),
    [true, false, true],
  );
  assert.match(loadText(figures), /DEL at pod 250 \/ at pod 1 +1\.25 +≤ 1\.15 +MISSED\n/);
});
