/** Numbers about a list of measurements; they throw for an empty list. */

/** The smallest value that is not exceeded by `share` of the list (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  return at(sorted(values), Math.max(0, Math.ceil(share * values.length) - 1));
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const list = sorted(values);
  return (at(list, (list.length - 1) >> 1) + at(list, list.length >> 1)) / 2;
}

/** The largest value. */
export function best(values: readonly number[]): number {
  return percentile(values, 1);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function at(list: readonly number[], index: number): number {
  const value = list[index];
  if (value === undefined) throw new Error('Internal error: nothing was measured');
  return value;
}
