/** The executable of a target under the names of both plugins. */
import { chmodSync, linkSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Images } from './images.ts';
import { link } from './link.ts';
import type { Toolchain } from './target.ts';

const SUFFIX = { linux: '', windows: '.exe' } as const;

/** Links one executable under both names in `directory`; path of the first. */
export async function linkProgram(
  toolchain: Toolchain,
  directory: string,
  images: Images,
  work: string,
  hostFlags: readonly string[],
): Promise<string> {
  const suffix = SUFFIX[toolchain.system];
  const output = join(directory, `azure-vnet${suffix}`);
  const other = join(directory, `azure-vnet-ipam${suffix}`);
  mkdirSync(directory, { recursive: true });
  // Made beside and renamed: somebody may be executing the old file (ETXTBSY), which is never missing. With the
  // suffix at the end, as the linker of mingw gives it to a name without one.
  const made = join(directory, `azure-vnet.${process.pid}${suffix}`);
  const bytecode = Object.fromEntries(Object.entries(images).map(([name, image]) => [name, image.bytecode]));
  await link(toolchain, { output: made, images: bytecode, work, hostFlags, snapshot: true });
  // Whatever umask says: root runs it for everybody.
  chmodSync(made, 0o755);
  linkSync(made, `${made}.ipam`);
  renameSync(made, output);
  renameSync(`${made}.ipam`, other);
  return output;
}
