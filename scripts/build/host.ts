/** The C host of native/ as an archive. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { archiveWith, compiled } from './compile.ts';
import { engineDirectory, NATIVE } from './paths.ts';
import type { Toolchain } from './target.ts';

const WARNINGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror'];

/** Flags for C that includes host.h. */
export function hostFlags(flags: readonly string[]): string[] {
  return [...flags, ...WARNINGS, '-iquote', NATIVE, '-isystem', engineDirectory()];
}

/** Archive of the host, compiled with these flags: what every platform shares, and one of its own. */
export async function hostArchive(toolchain: Toolchain, flags: readonly string[]): Promise<string> {
  const directories = [NATIVE, join(NATIVE, toolchain.system)];
  return await compiled({
    kind: 'host',
    file: 'libhost.a',
    sources: directories.flatMap(sourcesIn),
    inputs: directories,
    compiler: toolchain.compiler,
    flags: hostFlags(flags),
    finish: archiveWith(toolchain.archiver),
  });
}

function sourcesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(directory, name));
}
