/** The executable: host, engine and program images in one file. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { engineArchive } from './engine.ts';
import { hostArchive, hostFlags } from './host.ts';
import { imagesSource, type PluginForm } from './images-source.ts';
import { versionResource } from './resource.ts';
import { run } from './run.ts';
import { KIND, putSnapshot, takeSnapshot } from './snapshot.ts';
import type { Toolchain } from './target.ts';

export interface Program {
  readonly output: string;
  /** Paths of bytecode by the name of the image: `plugin`, `cli`, and those that the plugin loads on demand. */
  readonly images: Readonly<Record<string, string>>;
  /** Directory for intermediate files. */
  readonly work: string;
  /** Flags for the host alone, such as -DAZURE_VNET_KILL_POINTS. */
  readonly hostFlags?: readonly string[];
  /** Whether to keep the plugin as the heap in which it is loaded, where this machine can run the executable. */
  readonly snapshot?: boolean;
}

/** Makes the executable `program.output`. */
export async function link(toolchain: Toolchain, program: Program): Promise<void> {
  const { runner } = toolchain;
  const { plugin } = program.images;
  if (program.snapshot !== true || runner === undefined || plugin === undefined)
    return await linkWith(toolchain, program, { kind: KIND.bytecode, leastBytes: 0 });
  /* Where things are in the executable depends on the length of the snapshot, which does not depend on that. */
  await linkWith(toolchain, program, { kind: KIND.toBeMade, leastBytes: 0 });
  const { length } = takeSnapshot(program.output, runner);
  await linkWith(toolchain, program, { kind: KIND.toBeMade, leastBytes: length });
  const snapshot = takeSnapshot(program.output, runner);
  if (snapshot.length !== length) throw new Error('The length of a snapshot depends on where things are');
  putSnapshot(program.output, readFileSync(plugin), snapshot);
}

async function linkWith(toolchain: Toolchain, program: Program, form: PluginForm): Promise<void> {
  const { compiler, compileFlags, linkBefore, linkAfter, resources } = toolchain;
  const flags = [...compileFlags, ...(program.hostFlags ?? [])];
  const [engine, host] = await Promise.all([engineArchive(toolchain), hostArchive(toolchain, flags)]);
  mkdirSync(program.work, { recursive: true });
  mkdirSync(dirname(program.output), { recursive: true });
  const source = join(program.work, 'images.c');
  const object = join(program.work, 'images.o');
  writeFileSync(source, imagesSource(program.images, toolchain.system, form));
  await run([compiler, ...hostFlags(flags), '-c', source, '-o', object]);
  const objects = [
    object,
    ...(resources === undefined ? [] : [await versionResource(resources, program.work)]),
  ];
  await run([compiler, ...linkBefore, ...objects, host, engine, ...linkAfter, '-o', program.output]);
}
