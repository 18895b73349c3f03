/** Where the build reads and writes. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const NATIVE = join(ROOT, 'native');
export const CACHE = join(ROOT, '.cache');
export const DIST = join(ROOT, 'dist');
/** What `make build` has made for this machine. */
export const BUILT = join(DIST, `linux-${process.arch === 'x64' ? 'amd64' : process.arch}`);

/** The QuickJS-ng tree: the pinned package, or another checkout named by QUICKJS_DIR. */
export function engineDirectory(): string {
  const given = process.env.QUICKJS_DIR;
  const directory = resolve(given ?? join(ROOT, 'node_modules/@scriptc/runtime/vendor/quickjs-ng'));
  if (existsSync(join(directory, 'quickjs.c'))) return directory;
  throw new Error(
    given === undefined
      ? `No QuickJS-ng in ${directory}; run make setup`
      : `QUICKJS_DIR is ${given}, which has no quickjs.c`,
  );
}
