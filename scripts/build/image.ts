/** A program image: TypeScript, bundled and minified by esbuild, compiled to bytecode by qjsc. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { qjsc } from './engine.ts';
import { LATE_IMAGES } from './late.ts';
import { ROOT } from './paths.ts';
import { run } from './run.ts';

export interface Image {
  /** Path of the bytecode. */
  readonly bytecode: string;
  readonly minifiedBytes: number;
}

/** Where a program begins: a file, or text that imports others. */
export type Entry = { readonly file: string } | { readonly text: string };

/** Builds the image `name` to `directory`. `plugins` are those of esbuild. */
export async function buildImage(
  name: string,
  entry: Entry,
  directory: string,
  plugins: Plugin[] = [],
): Promise<Image> {
  mkdirSync(directory, { recursive: true });
  const script = join(directory, `${name}.js`);
  const bytecode = join(directory, `${name}.bytecode`);
  const text = await bundle(entry, plugins);
  writeFileSync(script, text);
  await run([await qjsc(), '-b', '-s', '-C', '-P', '-n', scriptName(name), '-o', bytecode, script]);
  return { bytecode, minifiedBytes: text.length };
}

/** The minified script of a program. */
export async function bundle(entry: Entry, plugins: Plugin[] = []): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...('file' in entry
      ? { entryPoints: [entry.file] }
      : { stdin: { contents: entry.text, resolveDir: ROOT, loader: 'js' } }),
    plugins,
    write: false,
    bundle: true,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    /* Packages: their ES modules, of which only what is used comes along. */
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    define: { VERSION: JSON.stringify(version()) },
    logLevel: 'warning',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild made no file');
  return output.contents;
}

/** Name of a script in stack traces. */
function scriptName(image: string): string {
  return LATE_IMAGES.includes(image) ? `azure-vnet-${image}` : 'azure-vnet';
}

/** `v0.1.0`, from package.json. */
export function version(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (parsed instanceof Object && 'version' in parsed) return `v${String(parsed.version)}`;
  throw new Error('package.json has no version');
}
