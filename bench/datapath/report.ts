/** What the measurements say: a figure for each number of pods, and whether the targets are reached. */
import { aligned } from '../report.ts';
import { best, median } from '../statistics.ts';
import type { Protocol, Series } from './measure.ts';

export interface DatapathFigure {
  readonly protocol: Protocol;
  readonly pods: number;
  /** Packets or bits per second, in the best of the rounds. */
  readonly ours: number;
  readonly theirs: number;
  /** Ours divided by theirs. */
  readonly ratio: number;
  /** Ours divided by ours with the fewest pods. */
  readonly kept: number;
}

export interface DatapathTarget {
  readonly name: string;
  readonly value: number;
  readonly atLeast: number;
  readonly reached: boolean;
}

/** Whatever the number of pods, ours keeps this share of its rate. */
const LEAST_KEPT = 0.9;
/** From this number of pods on, ours is this many times as fast. */
const MANY_PODS = 250;
const LEAST_RATIO: Readonly<Record<Protocol, number>> = { udp: 5, tcp: 1.8 };

/**
 * The best round counts, because what else the machine does can only make a flow slower; by time of the processor,
 * which errs in both directions, the middle one.
 */
export function datapathFigures(
  series: readonly Series[],
  unit: 'perSecond' | 'perCpuSecond' = 'perSecond',
): DatapathFigure[] {
  const rate = (protocol: Protocol, pods: number, rules: Series['rules']): number => {
    const found = series.find((it) => it.protocol === protocol && it.pods === pods && it.rules === rules);
    return (unit === 'perSecond' ? best : median)(found?.[unit] ?? []);
  };
  return series
    .filter(({ rules }) => rules === 'nf_tables')
    .map(({ protocol, pods }) => {
      const fewest = Math.min(...series.map((it) => it.pods));
      const [ours, theirs] = [rate(protocol, pods, 'nf_tables'), rate(protocol, pods, 'ebtables')];
      const kept = ours / rate(protocol, fewest, 'nf_tables');
      return { protocol, pods, ours, theirs, ratio: ours / theirs, kept };
    })
    .sort((a, b) => -compare(a.protocol, b.protocol) || a.pods - b.pods);
}

export function datapathTargets(figures: readonly DatapathFigure[]): DatapathTarget[] {
  return figures.flatMap(({ protocol, pods, ratio, kept }) => {
    const isFewest = figures.every((it) => it.pods >= pods);
    const name = `${UNITS[protocol].title}, ${pods} pods`;
    return [
      ...(isFewest ? [] : [target(`${name}: share of the rate with the fewest`, kept, LEAST_KEPT)]),
      ...(pods < MANY_PODS ? [] : [target(`${name}: times that of ebtables`, ratio, LEAST_RATIO[protocol])]),
    ];
  });
}

function target(name: string, value: number, atLeast: number): DatapathTarget {
  return { name, value, atLeast, reached: value >= atLeast };
}

/** A line per figure, then a line per target. */
export function datapathText(figures: readonly DatapathFigure[]): string {
  const rows = figures.map(({ protocol, pods, ours, theirs, ratio, kept }) => {
    const { title, unit, divisor } = UNITS[protocol];
    const amount = (rate: number) => `${(rate / divisor).toFixed(1)} ${unit}`;
    return [`${title}, ${pods} pods`, amount(ours), amount(theirs), ratio.toFixed(2), kept.toFixed(2), ''];
  });
  const targets = datapathTargets(figures).map(({ name, value, atLeast, reached }) => [
    name,
    value.toFixed(2),
    `≥ ${atLeast}`,
    reached ? 'reached' : 'MISSED',
  ]);
  const table = aligned([['', 'azure-vnet', 'ebtables', 'ratio', 'kept', ''], ...rows]);
  return targets.length === 0 ? table : `${table}\n${aligned(targets)}`;
}

const UNITS: Readonly<
  Record<Protocol, { readonly title: string; readonly unit: string; readonly divisor: number }>
> = {
  udp: { title: 'UDP', unit: 'kpps', divisor: 1e3 },
  tcp: { title: 'TCP', unit: 'Gbit/s', divisor: 1e9 },
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
