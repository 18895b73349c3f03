/** What load costs a call: many pods on the node, many calls at the same time. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodHost } from '../pod-host.ts';
import { pendingDeletions } from '../rounds.ts';
import { median } from '../statistics.ts';
import type { TimedRun } from '../timed-exec.ts';
import { burst } from './burst.ts';

export interface ScaleFigure {
  readonly command: 'ADD' | 'DEL';
  /** Medians in milliseconds of the call for one pod more, on a node with few and on one with many. */
  readonly fewMs: number;
  readonly manyMs: number;
  readonly ratio: number;
  /** The same for the time of a processor, which other work on the machine hardly changes. */
  readonly cpuRatio: number;
}

/**
 * One pod more on each node in turn, again and again, in its first namespace to spare. The ratio is the median
 * of those of single rounds: a round is so short that the machine is the same for both.
 */
export async function measureScale(few: PodHost, many: PodHost, rounds: number): Promise<ScaleFigure[]> {
  const times = { ADD: pair(), DEL: pair() };
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round++) {
    // Whoever comes first has the disadvantage of what went on before.
    const order = round % 2 === 0 ? [few, many] : [many, few];
    for (const command of ['ADD', 'DEL'] as const) {
      for (const host of order) {
        const [name = ''] = host.spare;
        const run = await (command === 'ADD' ? host.attach(name) : host.detach(name));
        if (command === 'DEL') await settled(host);
        if (round >= WARM_UP_ROUNDS) times[command][host === few ? 'few' : 'many'].push(run);
      }
    }
  }
  return (['ADD', 'DEL'] as const).map((command) => {
    const { few: fewTimes, many: manyTimes } = times[command];
    const ratioOf = (ns: (run: TimedRun) => number) =>
      median(manyTimes.map((run, i) => ns(run) / ns(fewTimes[i] ?? run)));
    const medianMs = (runs: readonly TimedRun[]) => median(runs.map(({ wallNs }) => wallNs / 1e6));
    return {
      command,
      fewMs: medianMs(fewTimes),
      manyMs: medianMs(manyTimes),
      ratio: ratioOf(({ wallNs }) => wallNs),
      cpuRatio: ratioOf(({ cpuNs }) => cpuNs),
    };
  });
}

export interface BurstFigure {
  readonly calls: number;
  readonly processors: number;
  /** Medians over the rounds, milliseconds: one ADD alone, the slowest of many at once. */
  readonly aloneMs: number;
  readonly slowestMs: number;
  readonly ratio: number;
}

/** ADD of one pod alone, then of all these at once, in turn. */
export async function measureBurst(
  host: PodHost,
  names: readonly string[],
  rounds: number,
): Promise<BurstFigure> {
  const [alone, slowest, ratios]: number[][] = [[], [], []];
  for (let round = 0; round < rounds + 1; round++) {
    const one = await burstOf(host, names.slice(0, 1));
    const all = await burstOf(host, names);
    if (round === 0) continue;
    alone?.push(one);
    slowest?.push(all);
    ratios?.push(all / one);
  }
  return {
    calls: names.length,
    processors: availableParallelism(),
    aloneMs: median(alone ?? []),
    slowestMs: median(slowest ?? []),
    ratio: median(ratios ?? []),
  };
}

/** The slowest ADD of these at once, in milliseconds; they are gone again afterwards. */
async function burstOf(host: PodHost, names: readonly string[]): Promise<number> {
  const runs = await burst(host, 'ADD', names);
  await burst(host, 'DEL', names);
  await settled(host);
  return Math.max(...runs.map(({ wallMs }) => wallMs));
}

/** What a DEL has left to the background is not in the next figure. */
async function settled({ vm }: PodHost): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  while (pendingDeletions(vm).length > 0) {
    if (performance.now() > deadline) throw new Error(`DEL was not complete after ${SETTLE_LIMIT_MS} ms`);
    await sleep(SETTLE_PAUSE_MS);
  }
}

function pair(): { readonly few: TimedRun[]; readonly many: TimedRun[] } {
  return { few: [], many: [] };
}

const WARM_UP_ROUNDS = 3;
const SETTLE_LIMIT_MS = 60_000;
const SETTLE_PAUSE_MS = 2;
