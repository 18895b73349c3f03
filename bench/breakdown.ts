/** Where the time of a call goes, from the operation log that the plugin writes. */
import { median } from './statistics.ts';

/** The line of one operation (src/state/logfile.ts), as far as it is read here. */
interface LogLine {
  readonly command: string;
  readonly us: number;
  readonly steps: readonly (readonly [name: string, us: number])[];
}

export interface StepTime {
  readonly name: string;
  /** Median over the calls that had the step. */
  readonly ms: number;
  /** In how many of the calls. */
  readonly calls: number;
}

export interface Breakdown {
  readonly command: 'ADD' | 'DEL';
  readonly calls: number;
  readonly steps: readonly StepTime[];
  /** From the first to the last statement of the plugin. */
  readonly insideMs: number;
}

/** The last `calls` operations of a command. */
export function breakdown(log: string, command: Breakdown['command'], calls: number): Breakdown {
  const lines = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line): LogLine => JSON.parse(line))
    .filter((line) => line.command === command)
    .slice(-calls);
  const times = new Map<string, number[]>();
  for (const { steps } of lines) {
    const sums = new Map<string, number>();
    for (const [name, us] of steps) sums.set(name, (sums.get(name) ?? 0) + us / 1000);
    for (const [name, ms] of sums) times.set(name, [...(times.get(name) ?? []), ms]);
  }
  const steps = [...times].map(([name, list]) => ({ name, ms: median(list), calls: list.length }));
  return { command, calls: lines.length, steps, insideMs: median(lines.map(({ us }) => us / 1000)) };
}
