/** Test executables: the host under AddressSanitizer and UndefinedBehaviorSanitizer with a program of the tests. */
import { join } from 'node:path';
import { buildImage } from '../../scripts/build/image.ts';
import { link } from '../../scripts/build/link.ts';
import { CACHE, ROOT } from '../../scripts/build/paths.ts';
import type { Toolchain } from '../../scripts/build/target.ts';

const SANITIZERS = '-fsanitize=address,undefined';

const SANITIZED: Toolchain = {
  system: 'linux',
  name: 'gcc with sanitizers',
  compiler: 'gcc',
  archiver: 'ar',
  compileFlags: [
    '-O1',
    // Lines for the reports; the rest of what a debugger wants takes a quarter of the compilation.
    '-g1',
    '-D_GNU_SOURCE',
    '-funsigned-char',
    '-fno-omit-frame-pointer',
    '-fno-sanitize-recover=all',
    '-fsanitize=address',
  ],
  linkBefore: [SANITIZERS],
  linkAfter: ['-lm', '-lpthread'],
};

/** Host only: the engine shifts and casts in ways that UndefinedBehaviorSanitizer reports. */
const HOST_SANITIZERS = ['-fsanitize=undefined'];

export interface ProgramOptions {
  /** A command-line image, if any. */
  readonly cli?: string;
  /** Builds for another machine, without sanitizers; `name` tells it apart. */
  readonly other?: { readonly toolchain: Toolchain; readonly name: string };
}

/** Builds an executable of a plugin image and perhaps a command-line image, both files of test/native/image/. */
export async function buildTestProgram(plugin: string, { cli, other }: ProgramOptions = {}): Promise<string> {
  const work = join(CACHE, 'work/native', other?.name ?? '', plugin);
  const output = join(work, 'program');
  const bytecode = async (name: string) =>
    (await buildImage(name, { file: join(ROOT, 'test/native/image', `${name}.ts`) }, work)).bytecode;
  const images = {
    plugin: await bytecode(plugin),
    ...(cli !== undefined && { cli: await bytecode(cli) }),
  };
  const hostFlags = [...(other === undefined ? HOST_SANITIZERS : []), '-DAZURE_VNET_PLAIN_MALLOC'];
  await link(other?.toolchain ?? SANITIZED, { output, images, work, hostFlags });
  return output;
}
