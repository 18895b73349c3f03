/**
 * make build: dist/<target>/azure-vnet and azure-vnet-ipam, hard links of one static executable, and the
 * network configuration; dist/test/ has the same program with kill points for the tests. Arguments name targets;
 * without any it is the one of this machine. --product-only leaves out what is for tests.
 */
import { copyFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundle } from './image.ts';
import { buildLinuxImages, buildWindowsImages, type Images, PLUGIN_ENTRY } from './images.ts';
import { LATE_IMAGES } from './late.ts';
import { CACHE, DIST, ROOT } from './paths.ts';
import { linkProgram } from './program.ts';
import {
  findToolchain,
  hostTarget,
  isTargetName,
  TARGET_NAMES,
  type TargetName,
  WINDOWS_TARGET,
} from './target.ts';

const MAX_EXECUTABLE_BYTES = 1_600_000;
/** The plugin as if it were one image: what there is to read and to maintain. */
const MAX_PLUGIN_BYTES = 110 * 1024;
/** The part that every call starts with: on Windows it costs 1 ms per 100 KB, elsewhere it is most of the snapshot. */
const MAX_START_BYTES = 75_000;

/** Directories of the programs for tests: for what runs on this machine. */
const TESTED: Readonly<Partial<Record<TargetName, string>>> = {
  [hostTarget()]: 'test',
  [WINDOWS_TARGET]: 'test-windows',
};

const PRODUCT_ONLY = '--product-only';

const CONFLISTS = { linux: 'conf/10-azure.conflist', windows: 'conf/windows/10-azure.conflist' } as const;

try {
  await main(process.argv.slice(2));
} catch (error) {
  /* esbuild has printed its own; a tool's failure is its command and what it said. */
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(words: readonly string[]): Promise<void> {
  const names = words.filter((word) => word !== PRODUCT_ONLY);
  const unknown = names.find((name) => !isTargetName(name));
  if (unknown !== undefined)
    throw new Error(`there is no target ${unknown}; there are ${TARGET_NAMES.join(', ')}`);
  const targets: readonly TargetName[] = names.length === 0 ? [hostTarget()] : names.filter(isTargetName);
  const linux = targets.filter((target) => target !== WINDOWS_TARGET);
  // At once: most of the time goes into one large file of the engine for each target.
  await Promise.all([
    linux.length > 0 ? buildLinux(linux) : undefined,
    targets.includes(WINDOWS_TARGET) ? buildWindows() : undefined,
  ]);
}

async function buildWindows(): Promise<void> {
  await buildTarget(WINDOWS_TARGET, await buildWindowsImages(join(CACHE, 'work/windows')));
}

async function buildLinux(targets: readonly TargetName[]): Promise<void> {
  /* Bytecode knows no processor: 64-bit little-endian is all that these have in common, and all that it needs. */
  const [whole, images] = await Promise.all([
    bundle({ file: PLUGIN_ENTRY.linux }),
    buildLinuxImages(join(CACHE, 'work/linux')),
  ]);
  await Promise.all(targets.map((target) => buildTarget(target, images)));
  report('plugin undivided, minified', whole.length, MAX_PLUGIN_BYTES);
  report('  in every call', images.plugin?.minifiedBytes ?? 0, MAX_START_BYTES);
  const late = LATE_IMAGES.map((name) => `${name} ${images[name]?.minifiedBytes.toLocaleString('en-US')}`);
  console.log(`    loaded when needed, with what they share: ${late.join(', ')} bytes`);
}

async function buildTarget(target: TargetName, images: Images): Promise<void> {
  const startedMs = performance.now();
  const toolchain = await findToolchain(target);
  const directory = join(DIST, target);
  const executable = await linkProgram(toolchain, directory, images, join(CACHE, 'work', target), []);
  const tested = process.argv.includes(PRODUCT_ONLY) ? undefined : TESTED[target];
  if (tested !== undefined) {
    const flags = ['-DAZURE_VNET_KILL_POINTS'];
    await linkProgram(toolchain, join(DIST, tested), images, join(CACHE, 'work', tested), flags);
  }
  const conflist = CONFLISTS[toolchain.system];
  copyFileSync(join(ROOT, conflist), join(directory, basename(conflist)));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${directory.slice(ROOT.length + 1)}: built in ${seconds} s with ${toolchain.name}`);
  if (toolchain.system === 'linux' && toolchain.runner === undefined)
    console.log('  nothing runs it here, so it has no snapshot: each call starts a millisecond later');
  report('executable', statSync(executable).size, MAX_EXECUTABLE_BYTES);
}

/** More than the limit fails the build. */
function report(what: string, bytes: number, limit: number): void {
  const verdict = bytes <= limit ? 'of' : 'is over the budget of';
  console.log(
    `  ${what}: ${bytes.toLocaleString('en-US')} bytes ${verdict} ${limit.toLocaleString('en-US')}`,
  );
  if (bytes > limit) process.exitCode = 1;
}
