/** The frame of a benchmark: its options, a lab, and what its exit status says. */
import { LabError } from '../lab/error.ts';
import { type Lab, withLab } from '../lab/lab.ts';

export interface Benchmark<O extends { readonly enforce: boolean }> {
  /** What its messages begin with. */
  readonly name: string;
  readonly usage: string;
  /** Throws an error with one line for wrong options. */
  readonly readOptions: (args: readonly string[]) => O;
  /** Measures and prints; true when every target is reached. */
  readonly bench: (lab: Lab, options: O) => Promise<boolean>;
}

/** Exit status 0, 1 for a missed target with --enforce, 2 when nothing could be measured. */
export async function runBenchmark<O extends { readonly enforce: boolean }>({
  name,
  usage,
  readOptions,
  bench,
}: Benchmark<O>): Promise<void> {
  let options: O;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  try {
    const reached = await withLab({}, (lab) => bench(lab, options));
    process.exitCode = options.enforce && !reached ? 1 : 0;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
