/** Figures of a run, as a table for people and as JSON for programs. */
import type { Breakdown } from './breakdown.ts';
import type { Command, Measured } from './rounds.ts';
import { median, percentile } from './statistics.ts';

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'MiB' | 'MB';
  readonly ours: number;
  readonly theirs: number;
  /** Ours divided by theirs. */
  readonly ratio: number;
  readonly target?: Target;
}

export interface Target {
  /** The ratio, or the value of ours, must not exceed this. */
  readonly of: 'ratio' | 'value';
  readonly atMost: number;
  readonly reached: boolean;
}

interface Goal {
  readonly of: 'ratio' | 'value';
  readonly atMost: number;
}

export interface Side {
  readonly title: string;
  readonly measured: Measured;
  readonly sizeBytes: number;
}

const ADD_GOAL: Goal = { of: 'ratio', atMost: 0.4 };
const DEL_GOAL: Goal = { of: 'ratio', atMost: 0.25 };
const RSS_GOAL: Goal = { of: 'value', atMost: 2.5 };

export function figuresOf(ours: Side, theirs: Side): Figure[] {
  const time = (name: string, command: Command, of: (list: readonly number[]) => number, goal?: Goal) =>
    figure(name, 'ms', of(ours.measured.wallMs[command]), of(theirs.measured.wallMs[command]), goal);
  const cpu = (name: string, command: Command) =>
    figure(name, 'ms', median(ours.measured.cpuMs[command]), median(theirs.measured.cpuMs[command]));
  const p95 = (list: readonly number[]) => percentile(list, 0.95);
  const [ourRss, theirRss] = [ours, theirs].map(({ measured }) => measured.peakRssKib / 1024);
  return [
    time('ADD median', 'ADD', median, ADD_GOAL),
    time('ADD p95', 'ADD', p95),
    cpu('ADD CPU median', 'ADD'),
    time('DEL median', 'DEL', median, DEL_GOAL),
    time('DEL p95', 'DEL', p95),
    cpu('DEL CPU median', 'DEL'),
    time('start-up (VERSION) median', 'VERSION', median),
    figure('peak RSS', 'MiB', ourRss ?? 0, theirRss ?? 0, RSS_GOAL),
    figure('executables', 'MB', ours.sizeBytes / 1e6, theirs.sizeBytes / 1e6),
  ];
}

function figure(name: string, unit: Figure['unit'], ours: number, theirs: number, goal?: Goal): Figure {
  const ratio = ours / theirs;
  if (goal === undefined) return { name, unit, ours, theirs, ratio };
  const reached = (goal.of === 'ratio' ? ratio : ours) <= goal.atMost;
  return { name, unit, ours, theirs, ratio, target: { ...goal, reached } };
}

export function allReached(figures: readonly Figure[]): boolean {
  return figures.every(({ target }) => target?.reached !== false);
}

/** The table, a line per figure. */
export function tableText(figures: readonly Figure[], ourTitle: string, theirTitle: string): string {
  const rows = figures.map(({ name, unit, ours, theirs, ratio, target }) => [
    name,
    `${ours.toFixed(2)} ${unit}`,
    `${theirs.toFixed(2)} ${unit}`,
    ratio.toFixed(2),
    target === undefined ? '' : targetText(target, unit),
  ]);
  return aligned([['', ourTitle, theirTitle, 'ratio', 'target'], ...rows]);
}

function targetText({ of, atMost, reached }: Target, unit: string): string {
  const limit = of === 'ratio' ? `ratio ≤ ${atMost.toFixed(2)}` : `≤ ${atMost} ${unit}`;
  return `${limit} ${reached ? 'reached' : 'MISSED'}`;
}

/** The steps of a command, some inside others, and what starting and ending the process takes. */
export function breakdownText({ command, calls, steps, insideMs }: Breakdown, wallMs: number): string {
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return aligned([
    [`${command}, medians`, ms(wallMs), ''],
    ['  start and end of the process', ms(wallMs - insideMs), ''],
    ['  inside the plugin', ms(insideMs), ''],
    ...steps.map((step) => [
      `    ${step.name}`,
      ms(step.ms),
      step.calls === calls ? '' : `in ${step.calls} of ${calls} calls`,
    ]),
  ]);
}

/** The first column to the left, numbers to the right, the last column to the left. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  );
  const last = widths.length - 1;
  const cell = (text: string, column: number) =>
    column === 0 || column === last ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}
