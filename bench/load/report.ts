/** The figures of the load, and whether the targets are reached. */
import { aligned } from '../report.ts';
import type { BurstFigure, ScaleFigure } from './measure.ts';

export interface LoadFigures {
  readonly rounds: number;
  readonly scale: readonly ScaleFigure[];
  readonly parallel: BurstFigure;
}

export interface LoadTarget {
  readonly name: string;
  readonly value: number;
  readonly atMost: number;
  readonly reached: boolean;
}

/** A call on a full node against one on an empty node. */
export const MOST_SCALE_RATIO = 1.15;
/** The slowest of many ADDs at once against one alone. */
export const MOST_BURST_RATIO = 6;

export function loadTargets({ scale, parallel }: LoadFigures): LoadTarget[] {
  return [
    ...scale.map(({ command, ratio }) => target(`${command} at pod 250 / at pod 1`, ratio, MOST_SCALE_RATIO)),
    target(
      `slowest of ${parallel.calls} ADDs at once / one alone, on ${parallel.processors} processors`,
      parallel.ratio,
      MOST_BURST_RATIO,
    ),
  ];
}

function target(name: string, value: number, atMost: number): LoadTarget {
  return { name, value, atMost, reached: value <= atMost };
}

export function loadText(figures: LoadFigures): string {
  const { rounds, scale, parallel } = figures;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const rows = [
    ...scale.map(({ command, fewMs, manyMs }) => [
      `${command} at pod 1, at pod 250`,
      ms(fewMs),
      ms(manyMs),
      '',
    ]),
    [`one ADD alone, slowest of ${parallel.calls} at once`, ms(parallel.aloneMs), ms(parallel.slowestMs), ''],
  ];
  const targets = loadTargets(figures).map(({ name, value, atMost, reached }) => [
    name,
    value.toFixed(2),
    `≤ ${atMost}`,
    reached ? 'reached' : 'MISSED',
  ]);
  return `medians of ${rounds} rounds\n\n${aligned(rows)}\n${aligned(targets)}`;
}
