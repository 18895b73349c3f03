/**
 * The log of one operation: steps with their durations, collected in memory and written as one
 * structured line when the operation ends (`writeOperation` in logfile.ts). Nothing here touches a file.
 */
import type { Sys } from '../sys/sys.ts';

/** From the least to the most important. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_LEVEL: LogLevel = 'info';

/** A level by its name in any case; `info` for anything else, as ever. */
export function logLevelOf(value: unknown): LogLevel {
  const name = typeof value === 'string' ? value.toLowerCase() : undefined;
  return LOG_LEVELS.find((level) => level === name) ?? DEFAULT_LEVEL;
}

export interface LogEntry {
  readonly level: LogLevel;
  readonly text: string;
}

export interface LogStep {
  readonly name: string;
  readonly durationUs: number;
}

export class OperationLog {
  readonly #sys: Sys;
  readonly #startedUs: number;
  readonly fields: Record<string, string> = {};
  readonly steps: LogStep[] = [];
  readonly entries: LogEntry[] = [];
  /** `logLevel` of the configuration: remarks below it are not written. */
  level: LogLevel = DEFAULT_LEVEL;

  constructor(sys: Sys) {
    this.#sys = sys;
    this.#startedUs = sys.monotonicUs();
  }

  /** Runs `work` as a named step and remembers how long it took, also when it throws. */
  step<T>(name: string, work: () => T): T {
    const startUs = this.#sys.monotonicUs();
    try {
      return work();
    } finally {
      this.steps.push({ name, durationUs: this.#sys.monotonicUs() - startUs });
    }
  }

  /** A field of the line, such as `address`. */
  set(name: string, value: string): void {
    this.fields[name] = value;
  }

  /** A remark for the person who reads the log: what was found and what was done about it. */
  note(level: LogLevel, text: string): void {
    this.entries.push({ level, text });
  }

  /** The remarks that are to be written. */
  worthNoting(): LogEntry[] {
    const lowest = LOG_LEVELS.indexOf(this.level);
    return this.entries.filter((entry) => LOG_LEVELS.indexOf(entry.level) >= lowest);
  }

  elapsedUs(): number {
    return this.#sys.monotonicUs() - this.#startedUs;
  }
}
