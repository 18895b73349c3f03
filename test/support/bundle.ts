/** Test programs in TypeScript as executable files: a start through tsx would take several times longer. */
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Bundles `source`, a path relative to test/, into the executable `target`, which must end in .mjs. */
export async function bundleProgram(source: string, target: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL(`../${source}`, import.meta.url))],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(target, 0o755);
}
