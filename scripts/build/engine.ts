/** The engine: QuickJS-ng as an archive, and qjsc, its compiler to bytecode. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archiveWith, compiled, publish } from './compile.ts';
import { CACHE, engineDirectory, NATIVE } from './paths.ts';
import { run } from './run.ts';
import type { Toolchain } from './target.ts';

/** What a program with compiled bytecode needs; qjsc also needs quickjs-libc. */
const ENGINE_SOURCES = ['quickjs', 'libregexp', 'libunicode', 'dtoa'];
const QJSC_SOURCES = [...ENGINE_SOURCES, 'quickjs-libc', 'qjsc'];

/** qjsc runs on this machine and for milliseconds: built fast rather than well. */
const QJSC_COMPILER = 'gcc';
const QJSC_FLAGS = ['-O0', '-D_GNU_SOURCE', '-funsigned-char'];

/** What we change in the engine; the patch itself says why. */
const PATCH = join(NATIVE, 'quickjs.patch');
const PATCHED = 'quickjs';
const PATCHED_FILES = [`${PATCHED}.c`, `${PATCHED}.h`];

/** The warnings of another project's code help nobody here. What is patched is not beside its headers. */
function engineFlags(): string[] {
  return ['-w', '-iquote', engineDirectory()];
}

/** Archive of the engine, compiled with the flags of the toolchain. */
export async function engineArchive({ compiler, archiver, compileFlags }: Toolchain): Promise<string> {
  return await compiled({
    kind: 'engine',
    file: 'libquickjs.a',
    ...(await sourcesOf(ENGINE_SOURCES)),
    compiler,
    flags: [...compileFlags, ...engineFlags()],
    finish: archiveWith(archiver),
  });
}

/** Path of qjsc. Bytecode is tied to the source: both are built of the same tree. */
export async function qjsc(): Promise<string> {
  return await compiled({
    kind: 'qjsc',
    file: 'qjsc',
    ...(await sourcesOf(QJSC_SOURCES)),
    compiler: QJSC_COMPILER,
    flags: [...QJSC_FLAGS, ...engineFlags()],
    finish: async (objects, output) => {
      await run([QJSC_COMPILER, '-o', output, ...objects, '-lm', '-lpthread', '-ldl']);
    },
  });
}

async function sourcesOf(names: readonly string[]) {
  const [directory, patched] = [engineDirectory(), await patchedDirectory()];
  const sources = names.map((name) => join(name === PATCHED ? patched : directory, `${name}.c`));
  return { sources, inputs: [directory, patched] };
}

/** Directory with the patched files. */
async function patchedDirectory(): Promise<string> {
  patching ??= patch();
  return await patching;
}

/** The images are built at once, and all of them ask for qjsc. */
let patching: Promise<string> | undefined;

/** A patch that does not fit to the letter fails the build. */
async function patch(): Promise<string> {
  const files = PATCHED_FILES.map((name) => join(engineDirectory(), name));
  const hash = createHash('sha256');
  for (const file of [...files, PATCH]) hash.update(readFileSync(file));
  const directory = join(CACHE, `patched-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(`${directory}.`);
  try {
    for (const file of files) copyFileSync(file, join(work, basename(file)));
    await run(['patch', '--quiet', '--fuzz=0', '--no-backup-if-mismatch', '-p1', '-i', PATCH], work);
    publish(work, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}
