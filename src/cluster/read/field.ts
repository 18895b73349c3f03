/** One field of the definition, as it was found. */
import type { Spot } from './report.ts';

export type Field<T> =
  | { readonly state: 'given'; readonly value: T; readonly spot: Spot }
  /**
   * Left out, null, empty or 0: acs-engine makes no difference. `spot` is that value or, when nothing is written,
   * the object it would be in.
   */
  | { readonly state: 'absent'; readonly spot: Spot }
  /** There is something, and a finding has said what is wrong with it. */
  | { readonly state: 'invalid'; readonly spot: Spot };

export function given<T>(field: Field<T>): T | undefined {
  return field.state === 'given' ? field.value : undefined;
}

/** The value or, when the field is absent, the default; undefined for an invalid one: no rule applies to it. */
export function valueOr<T>(field: Field<T>, ifAbsent: T): T | undefined {
  return field.state === 'absent' ? ifAbsent : given(field);
}

/** Turns the value into another type; `convert` reports what it refuses and returns undefined. */
export function convert<A, B>(
  field: Field<A>,
  convertValue: (value: A, spot: Spot) => B | undefined,
): Field<B> {
  if (field.state !== 'given') return field;
  const value = convertValue(field.value, field.spot);
  return value === undefined
    ? { state: 'invalid', spot: field.spot }
    : { state: 'given', value, spot: field.spot };
}
