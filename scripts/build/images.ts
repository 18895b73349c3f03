/** The images of the product: what is compiled to bytecode for each system. */
import { join } from 'node:path';
import { buildImage, type Entry, type Image } from './image.ts';
import { LATE_IMAGES, lateEntry, lateStubs } from './late.ts';
import { ROOT } from './paths.ts';
import { forWindows } from './platform.ts';

export type Images = Readonly<Record<string, Image>>;

export const PLUGIN_ENTRY = {
  linux: join(ROOT, 'src/main.ts'),
  windows: join(ROOT, 'src/main-windows.ts'),
} as const;
const CLI_ENTRY = {
  linux: join(ROOT, 'src/cli/main.ts'),
  windows: join(ROOT, 'src/cli/main-windows.ts'),
} as const;

export async function buildLinuxImages(work: string): Promise<Images> {
  const entries: [string, Entry][] = [
    ['plugin', { file: PLUGIN_ENTRY.linux }],
    ...LATE_IMAGES.map((name): [string, Entry] => [name, { text: lateEntry(name) }]),
  ];
  const parts = entries.map(async ([name, entry]) => [
    name,
    await buildImage(name, entry, work, [lateStubs(name)]),
  ]);
  const cli = buildImage('cli', { file: CLI_ENTRY.linux }, work, [lateStubs('cli')]);
  return { ...Object.fromEntries(await Promise.all(parts)), cli: await cli };
}

/** Not divided: there, starting a process costs many times what loading all of it does. */
export async function buildWindowsImages(work: string): Promise<Images> {
  const [plugin, cli] = await Promise.all([
    buildImage('plugin', { file: PLUGIN_ENTRY.windows }, work, [forWindows]),
    buildImage('cli', { file: CLI_ENTRY.windows }, work, [forWindows]),
  ]);
  return { plugin, cli };
}
