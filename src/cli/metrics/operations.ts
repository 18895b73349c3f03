/** What the operation log says in numbers. */
import { isObject, parseJson } from '../../cni/json.ts';

/** Upper bounds of the buckets, in seconds: an ADD takes some milliseconds, one that waits for the lock 10 s. */
export const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Commands that get a label of their own: a name from outside must not make one. */
const COMMANDS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION', 'gc', 'repair', 'uninstall'];
const OTHER = 'other';

export interface CommandTotals {
  ok: number;
  failed: number;
  /** Failures by the code of the error document; `none` for those of the command line. */
  readonly errors: Map<string, number>;
  /** Operations by bucket, the last one for what is slower than all. */
  readonly buckets: number[];
  sumUs: number;
}

export class OperationTotals {
  readonly byCommand = new Map<string, CommandTotals>();
  /** Lines that are no operation: torn by a crash, or not ours. */
  damagedLines = 0;

  /** Adds one line of the log. */
  add(line: string): void {
    const parsed = parseJson(line);
    if (!parsed.ok || !isObject(parsed.value)) {
      this.damagedLines++;
      return;
    }
    const { command, result, us, code } = parsed.value;
    if (typeof us !== 'number' || us < 0 || (result !== 'ok' && result !== 'error')) {
      this.damagedLines++;
      return;
    }
    const totals = this.#of(typeof command === 'string' && COMMANDS.includes(command) ? command : OTHER);
    if (result === 'ok') totals.ok++;
    else {
      totals.failed++;
      const label = typeof code === 'string' && /^\d{1,3}$/.test(code) ? code : 'none';
      totals.errors.set(label, (totals.errors.get(label) ?? 0) + 1);
    }
    const found = BUCKETS_S.findIndex((bound) => us <= bound * 1e6);
    const bucket = found < 0 ? BUCKETS_S.length : found;
    totals.buckets[bucket] = (totals.buckets[bucket] ?? 0) + 1;
    totals.sumUs += us;
  }

  #of(command: string): CommandTotals {
    const known = this.byCommand.get(command);
    if (known !== undefined) return known;
    const buckets = Array.from({ length: BUCKETS_S.length + 1 }, () => 0);
    const totals = { ok: 0, failed: 0, errors: new Map<string, number>(), buckets, sumUs: 0 };
    this.byCommand.set(command, totals);
    return totals;
  }
}
