/** Compiles a directory of C once per compiler, flags and content, and keeps the result in .cache. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE, ROOT } from './paths.ts';
import { run } from './run.ts';

export interface Compilation {
  /** Prefix of the directory in the cache. */
  readonly kind: string;
  /** File to make of the objects, by `finish`. */
  readonly file: string;
  /** Paths of the sources. */
  readonly sources: readonly string[];
  /** Directories whose .c and .h files the result depends on. */
  readonly inputs: readonly string[];
  readonly compiler: string;
  readonly flags: readonly string[];
  finish(objects: readonly string[], output: string): Promise<void>;
}

/** Path of the file, from the cache or newly made. */
export async function compiled(job: Compilation): Promise<string> {
  const directory = join(CACHE, `${job.kind}-${await key(job)}`);
  const result = join(directory, job.file);
  if (existsSync(result)) return result;
  // The images are built at once, and all of them ask for qjsc.
  const running = underWay.get(directory) ?? compile(job, directory);
  underWay.set(directory, running);
  await running;
  return result;
}

const underWay = new Map<string, Promise<void>>();

async function compile(job: Compilation, directory: string): Promise<void> {
  console.log(`${job.kind}: compiling ${job.sources.length} files with ${job.compiler} (kept in .cache)`);
  const work = `${directory}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const objects = await Promise.all(
      job.sources.map((source, index) => compileOne(job, source, work, index)),
    );
    await job.finish(objects, join(work, job.file));
    for (const object of objects) rmSync(object);
    publish(work, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The usual `finish`: an archive. Deterministic (D), so it has no times and owners in it. */
export function archiveWith(archiver: string): Compilation['finish'] {
  return async (objects, output) => {
    await run([archiver, 'rcsD', output, ...objects]);
  };
}

/** Two directories may have a file of the same name: the number tells their objects apart. */
async function compileOne(job: Compilation, source: string, work: string, index: number): Promise<string> {
  const object = join(work, `${index}-${basename(source, '.c')}.o`);
  await run([job.compiler, ...job.flags, '-c', source, '-o', object]);
  return object;
}

/** Another build may have finished the same thing meanwhile; its result is as good. */
export function publish(work: string, directory: string): void {
  try {
    renameSync(work, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

async function key(job: Compilation): Promise<string> {
  const hash = createHash('sha256');
  // Where this tree is makes no difference to the result (test/install/reproducible.test.ts).
  const flags = job.flags.map((flag) => flag.replaceAll(ROOT, ''));
  hash.update(JSON.stringify([await run([job.compiler, '--version']), job.compiler, flags]));
  for (const directory of job.inputs) {
    for (const name of readdirSync(directory).sort()) {
      if (/\.[ch]$/.test(name)) hash.update(name).update(readFileSync(join(directory, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
