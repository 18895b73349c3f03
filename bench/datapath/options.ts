/** The options of `bench/datapath/main.ts`. */
import { parseArgs } from 'node:util';
import { count } from '../options.ts';
import { TARGETS, type Target } from './measure.ts';

export interface DatapathOptions {
  /** A VM for each number. */
  readonly pods: readonly number[];
  readonly rounds: number;
  readonly windowMs: number;
  readonly pod: Target;
  readonly json: boolean;
  readonly enforce: boolean;
}

export const USAGE = `usage: bench/datapath/main.ts [options]
  --pods N,N,…   a VM with so many pods each (1 to 250, default 2,30,250)
  --rounds N     rounds that count (1 to 100, default 7)
  --window MS    length of each flow (50 to 10000, default 400)
  --pod WHICH    the pod that flows go to: last (the newest) or middle, default last
  --json         one JSON document instead of the table
  --enforce      exit status 1 when a target is missed
`;

/** Reads the command line; throws an error with one line for a wrong one. */
export function readDatapathOptions(args: readonly string[]): DatapathOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pods: { type: 'string', default: '2,30,250' },
      rounds: { type: 'string', default: '7' },
      window: { type: 'string', default: '400' },
      pod: { type: 'string', default: 'last' },
      json: { type: 'boolean', default: false },
      enforce: { type: 'boolean', default: false },
    },
  });
  const pod = TARGETS.find((target) => target === values.pod);
  if (pod === undefined) throw new Error(`--pod is "${values.pod}", not one of ${TARGETS.join(', ')}`);
  return {
    pods: values.pods.split(',').map((text) => count('pods', text, 1, 250)),
    rounds: count('rounds', values.rounds, 1, 100),
    windowMs: count('window', values.window, 50, 10_000),
    pod,
    json: values.json,
    enforce: values.enforce,
  };
}
