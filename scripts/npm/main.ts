/**
 * make npm: dist/npm, the package `azure-vnet` for Node.js and bundlers: the library of cluster definitions in
 * one ES module, with types. `npm pack dist/npm` makes the archive.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { CACHE, DIST, ROOT } from '../build/paths.ts';
import { run } from '../build/run.ts';

/** An argument names another place. */
const PACKAGE = process.argv[2] ?? join(DIST, 'npm');
const TYPES = join(PACKAGE, 'types');
const ENTRY = 'src/cluster/index.ts';

rmSync(PACKAGE, { recursive: true, force: true });
mkdirSync(PACKAGE, { recursive: true });
await Promise.all([writeModule(), writeTypes()]);
for (const name of ['LICENSE', 'NOTICE']) copyFileSync(join(ROOT, name), join(PACKAGE, name));
const page = readFileSync(join(ROOT, 'docs/cluster.md'), 'utf8');
writeFileSync(join(PACKAGE, 'README.md'), page.replaceAll('../examples/cluster', 'examples'));
cpSync(join(ROOT, 'examples/cluster'), join(PACKAGE, 'examples'), { recursive: true });
writeFileSync(join(PACKAGE, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
console.log(`${relative(ROOT, PACKAGE)}: the package azure-vnet; npm pack makes an archive of it`);

/** Everything in one file: nothing has to be installed beside it. */
async function writeModule(): Promise<void> {
  await build({
    entryPoints: [join(ROOT, ENTRY)],
    outfile: join(PACKAGE, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    legalComments: 'inline',
    logLevel: 'warning',
  });
}

async function writeTypes(): Promise<void> {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const options = [
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--rootDir',
    join(ROOT, 'src'),
  ];
  // Inside the project: types of packages are looked for from there.
  const config = join(CACHE, `npm-tsconfig-${process.pid}.json`);
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), files: [join(ROOT, ENTRY)], include: [] }),
  );
  try {
    await run([tsc, '-p', config, ...options, '--outDir', TYPES]);
  } finally {
    rmSync(config);
  }
  const wanted = reachable(join(TYPES, 'cluster/index.d.ts'));
  for (const entry of readdirSync(TYPES, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(path)) rmSync(path);
  }
}

/** Declarations that a user of the package meets; the others speak of packages that are not installed there. */
function reachable(entry: string): Set<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)\.ts'/g)) {
      found.add(join(dirname(path), `${target}.d.ts`));
    }
  }
  return found;
}

function manifest(): object {
  const { version, license, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    name: 'azure-vnet',
    version,
    description:
      'Checks cluster definitions (acs-engine vlabs) and plans the addresses of their nodes and pods',
    license,
    type: 'module',
    sideEffects: false,
    engines,
    exports: { '.': { types: './types/cluster/index.d.ts', default: './index.js' } },
    files: ['index.js', 'types', 'examples', 'NOTICE'],
  };
}
