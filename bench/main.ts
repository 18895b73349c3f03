/**
 * make bench: azure-vnet with azure-vnet-ipam against Debian's bridge with host-local, in one run, on one
 * machine, in VMs of the lab that are alike. docs/benchmark.md says how it measures.
 */
import { existsSync, readFileSync } from 'node:fs';
import { LabError } from '../lab/error.ts';
import type { Lab } from '../lab/lab.ts';
import { LOG_PATH } from '../src/state/paths.ts';
import { breakdown } from './breakdown.ts';
import { azureVnet, bridgeAndHostLocal, keepBuilt, sizeBytes } from './contestants.ts';
import { compileHelper } from './helpers.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { allReached, breakdownText, figuresOf, tableText } from './report.ts';
import { pendingDeletions, Runner, runRounds } from './rounds.ts';
import { runBenchmark } from './run.ts';
import { median } from './statistics.ts';

const WARM_UP_ROUNDS = 5;
const PROGRESS_EVERY_ROUNDS = 10;

await runBenchmark({ name: 'bench', usage: USAGE, readOptions, bench });

/** Measures and prints; true when every target is reached. */
async function bench(lab: Lab, { rounds, ipconfigs, json, breakdown: withSteps }: Options): Promise<boolean> {
  const contestants = [azureVnet(pendingDeletions), bridgeAndHostLocal()] as const;
  const missing = contestants.flatMap(({ programs }) => programs).find((path) => !existsSync(path));
  if (missing !== undefined) throw new LabError(`${missing} is missing: run \`make bench\`.`);
  keepBuilt();
  await compileHelper('timed-exec');
  const [ours, theirs] = await Promise.all(contestants.map((one) => Runner.start(lab, one, ipconfigs)));
  if (ours === undefined || theirs === undefined) throw new Error('Internal error: two contestants');
  await runRounds([ours, theirs], { rounds, warmUpRounds: WARM_UP_ROUNDS, ipconfigs }, showProgress(rounds));
  for (const runner of [ours, theirs]) runner.close();
  const [ourSide, theirSide] = [ours, theirs].map(({ contestant, measured }) => ({
    title: contestant.title,
    measured,
    sizeBytes: sizeBytes(contestant),
  }));
  if (ourSide === undefined || theirSide === undefined) throw new Error('Internal error: two sides');
  const figures = figuresOf(ourSide, theirSide);
  const log = readFileSync(ours.vm.path(LOG_PATH), 'utf8');
  const steps = (['ADD', 'DEL'] as const).map((command) => breakdown(log, command, rounds));
  if (json) {
    const document = { rounds, ipconfigs, figures, ...(withSteps && { steps }) };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    process.stdout.write(`${rounds} rounds, ${ipconfigs} addresses in the pool\n\n`);
    process.stdout.write(tableText(figures, ourSide.title, theirSide.title));
    for (const part of withSteps ? steps : []) {
      const wallMs = median(ourSide.measured.wallMs[part.command]);
      process.stdout.write(`\n${breakdownText(part, wallMs)}`);
    }
  }
  return allReached(figures);
}

/** A line that is written over, on a terminal only. */
function showProgress(rounds: number): (done: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (done) => {
    if (done > 0 && done % PROGRESS_EVERY_ROUNDS === 0) process.stderr.write(`\rround ${done} of ${rounds}`);
    if (done === rounds) process.stderr.write('\r\x1b[K');
  };
}
