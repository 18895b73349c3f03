/** The options of `bench/main.ts`. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  /** Secondary ipconfigs of the NIC: the size of the pool. */
  readonly ipconfigs: number;
  readonly json: boolean;
  readonly breakdown: boolean;
  readonly enforce: boolean;
}

export const USAGE = `usage: bench/main.ts [options]
  --rounds N     rounds of ADD and DEL for each side (1 to 2000, default 200)
  --ipconfigs N  secondary addresses of the NIC (2 to 250, default 30)
  --breakdown    also the steps of ADD and DEL, from the operation log
  --json         one JSON document instead of the table
  --enforce      exit status 1 when a target is missed
`;

/** Reads the command line; throws an error with one line for a wrong one. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '200' },
      ipconfigs: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
      breakdown: { type: 'boolean', default: false },
      enforce: { type: 'boolean', default: false },
    },
  });
  const { json, breakdown, enforce } = values;
  const rounds = count('rounds', values.rounds, 1, 2000);
  return { rounds, ipconfigs: count('ipconfigs', values.ipconfigs, 2, 250), json, breakdown, enforce };
}

/** A whole number of an option; throws an error with one line. */
export function count(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`--${name} is "${text}", not a whole number from ${least} to ${most}`);
  }
  return value;
}
