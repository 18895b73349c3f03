/**
 * What is another file for Windows: `x.ts` with an `x-windows.ts` beside it is replaced by that in its images. Both
 * export the same names; the sources import the one without a suffix.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { ROOT } from './paths.ts';

const SOURCES = join(ROOT, 'src');

/** Plugin of esbuild. */
export const forWindows: Plugin = {
  name: 'files for Windows',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => {
      const replacement = join(resolveDir, path).replace(/\.ts$/, '-windows.ts');
      return replacement.startsWith(SOURCES) && existsSync(replacement) ? { path: replacement } : undefined;
    });
  },
};
