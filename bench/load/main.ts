/**
 * make bench-load: ADD and DEL on a node with one pod and on one with 250, and 32 ADDs at the same time beside
 * one alone. docs/benchmark.md says how it measures.
 */
import { parseArgs } from 'node:util';
import type { Lab } from '../../lab/lab.ts';
import { keepBuilt } from '../contestants.ts';
import { compileHelper } from '../helpers.ts';
import { count } from '../options.ts';
import { PodHost } from '../pod-host.ts';
import { runBenchmark } from '../run.ts';
import { measureBurst, measureScale } from './measure.ts';
import { loadTargets, loadText } from './report.ts';

const USAGE = `usage: bench/load/main.ts [options]
  --rounds N  rounds that count (1 to 1000, default 60)
  --json      one JSON document instead of the table
  --enforce   exit status 1 when a target is missed
`;
/** The last pod of a full node: with the one that comes and goes there are 250. */
const MANY = 249;
const AT_ONCE = 32;
const BURST_ROUNDS = 10;

interface LoadOptions {
  readonly rounds: number;
  readonly json: boolean;
  readonly enforce: boolean;
}

await runBenchmark({ name: 'bench-load', usage: USAGE, readOptions, bench });

function readOptions(args: readonly string[]): LoadOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      enforce: { type: 'boolean', default: false },
    },
  });
  return { ...values, rounds: count('rounds', values.rounds, 1, 1000) };
}

/** Measures and prints; true when every target is reached. */
async function bench(lab: Lab, { rounds, json }: LoadOptions): Promise<boolean> {
  keepBuilt();
  await Promise.all([compileHelper('timed-exec'), compileHelper('burst')]);
  const few = await PodHost.start(lab, { pods: 0, spare: AT_ONCE });
  const many = await PodHost.start(lab, { pods: MANY, spare: 1 });
  const scale = await measureScale(few, many, rounds);
  const parallel = await measureBurst(few, few.spare, Math.min(rounds, BURST_ROUNDS));
  for (const host of [few, many]) host.close();
  const figures = { rounds, scale, parallel };
  const targets = loadTargets(figures);
  process.stdout.write(json ? `${JSON.stringify({ ...figures, targets }, null, 2)}\n` : loadText(figures));
  return targets.every(({ reached }) => reached);
}
