/** The small C programs in bench/native, which run inside the namespaces that are measured. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from '../scripts/build/paths.ts';
import { exists, run } from '../scripts/build/run.ts';

const DIRECTORY = join(CACHE, 'bench');

export type Helper = 'burst' | 'timed-exec' | 'traffic';

/** Absolute path of the compiled program. */
export function helperPath(name: Helper): string {
  return join(DIRECTORY, name);
}

/** Compiles one, static: with musl where there is one, which makes it smallest. */
export async function compileHelper(name: Helper): Promise<void> {
  const compiler = (await exists('musl-gcc')) ? 'musl-gcc' : 'gcc';
  mkdirSync(DIRECTORY, { recursive: true });
  const flags = ['-std=gnu11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];
  await run([compiler, ...flags, join(ROOT, `bench/native/${name}.c`), '-o', helperPath(name)]);
}
