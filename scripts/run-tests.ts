/**
 * make test: runs all stages, also after one has failed, as many files at a time as there are processors, what takes
 * longest first and those that measure by themselves at the end. One line per process, details for failures only; the
 * last line is `N passed, N failed`. An argument (make test ONLY=…) names one stage, directory or file.
 */
import { availableParallelism } from 'node:os';
import { runProcess, stopAll } from './test/process.ts';
import { rootPrefix } from './test/root.ts';
import { type FileResult, runFiles } from './test/run-file.ts';
import {
  type CommandStage,
  filesOf,
  isMeasuring,
  processesOf,
  STAGES,
  type Stage,
  strayFiles,
  turnOf,
} from './test/stages.ts';

const NO_ROOT = 'needs root: run make test as root, or with sudo set up for this user';

const total = { passed: 0, failed: 0 };

// Modes of files are part of what is tested.
process.umask(0o022);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopAll();
    process.exit(130);
  });
}

await main(process.argv[2]?.replace(/\/$/, ''));

async function main(only: string | undefined): Promise<void> {
  const lanes = STAGES.flatMap((stage) => lanesOf(stage, only)).sort((one, other) => one.turn - other.turn);
  await runAll(
    lanes.filter(({ alone }) => !alone),
    availableParallelism(),
  );
  await runAll(
    lanes.filter(({ alone }) => alone),
    1,
  );
  for (const file of strayFiles()) fail(file, 'is in no stage of scripts/test/stages.ts', '');
  if (lanes.length === 0) console.log(`Nothing to run for ONLY=${only}`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** What runs one after the other: a command, a file, or the files of a stage that go in order. */
interface Lane {
  /** Nothing may run beside it. */
  readonly alone: boolean;
  /** The smaller the earlier; as listed where it is the same. */
  readonly turn: number;
  readonly run: () => Promise<void>;
}

function lanesOf(stage: Stage, only: string | undefined): Lane[] {
  const whole = only === undefined || only === stage.name;
  if (stage.kind === 'command')
    return whole ? [{ alone: false, turn: -1, run: () => runCommand(stage) }] : [];
  const files = filesOf(stage).filter((file) => whole || file === only || file.startsWith(`${only}/`));
  if (files.length === 0) return [];
  const prefix = stage.needsRoot ? rootPrefix() : [];
  if (prefix === undefined) {
    fail(stage.name, NO_ROOT, '');
    return [];
  }
  const lane = (alone: boolean, inLane: readonly string[]): Lane => ({
    alone,
    turn: turnOf(inLane[0] ?? ''),
    run: async () => {
      for (const [name, together] of processesOf(stage, inLane))
        show(await runFiles(name, together, prefix, stage.limitMs));
    },
  });
  const ordinary = files.filter((file) => !isMeasuring(file));
  const inOneLane = stage.inOrder ? [ordinary] : processesOf(stage, ordinary).map(([, together]) => together);
  return [
    ...inOneLane.filter(({ length }) => length > 0).map((inLane) => lane(false, inLane)),
    ...files.filter(isMeasuring).map((file) => lane(true, [file])),
  ];
}

/** Runs the lanes in their order, `width` at a time. */
async function runAll(lanes: readonly Lane[], width: number): Promise<void> {
  const waiting = [...lanes];
  const worker = async () => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) await lane.run();
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function runCommand({ name, argv, limitMs }: CommandStage): Promise<void> {
  const startedMs = performance.now();
  const { status, output, timedOut } = await runProcess(argv, limitMs);
  if (status !== 0) {
    fail(name, timedOut ? `did not end within ${limitMs / 1000} s` : 'failed', output);
    return;
  }
  total.passed++;
  line('ok  ', name, '', performance.now() - startedMs);
}

function show({ file, passed, skipped, failures, durationMs }: FileResult): void {
  total.passed += passed;
  const counts = [`${passed} passed`];
  if (failures.length > 0) counts.push(`${failures.length} failed`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  line(failures.length === 0 ? 'ok  ' : 'FAIL', file, counts.join(', '), durationMs);
  for (const { name, error } of failures) fail(file, name, error);
}

function fail(where: string, what: string, details: string): void {
  total.failed++;
  const indented = details.trimEnd().replace(/^/gm, '      ');
  console.log(`FAIL  ${where}: ${what}${details === '' ? '' : `\n${indented}`}`);
}

function line(mark: string, what: string, counts: string, durationMs: number): void {
  console.log(`${mark}  ${what.padEnd(48)} ${counts.padEnd(22)} ${(durationMs / 1000).toFixed(2)} s`);
}
