/** Executables and DLLs for Windows that only the tests have. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage } from '../../../scripts/build/image.ts';
import { link } from '../../../scripts/build/link.ts';
import { mingwToolchain } from '../../../scripts/build/mingw.ts';
import { CACHE, engineDirectory, NATIVE, ROOT } from '../../../scripts/build/paths.ts';
import { run } from '../../../scripts/build/run.ts';
import { bundleProgram } from '../../support/bundle.ts';

const HERE = join(ROOT, 'test/windows');
const WORK = join(CACHE, 'work/test-windows');

/** The host with the program of image/cases.ts. */
export async function buildHostProgram(): Promise<string> {
  const work = join(WORK, 'host');
  const { bytecode } = await buildImage('plugin', { file: join(HERE, 'image/cases.ts') }, work);
  const output = join(work, 'program.exe');
  await link(await mingwToolchain(), { output, images: { plugin: bytecode }, work });
  return output;
}

/** The program of child.c. */
export async function buildChild(): Promise<string> {
  return await buildProgram('child');
}

/** The program of docker.c. */
export async function buildFakeDocker(): Promise<string> {
  return await buildProgram('docker');
}

async function buildProgram(name: string): Promise<string> {
  mkdirSync(WORK, { recursive: true });
  const output = join(WORK, `${name}.exe`);
  const { compiler, compileFlags } = await mingwToolchain();
  const source = join(HERE, `${name}.c`);
  await run([compiler, ...compileFlags, '-static', '-s', '-municode', source, '-o', output, '-lssp']);
  return output;
}

/** The program of echo.ts, for the network of a machine. */
export async function buildEcho(): Promise<string> {
  return await buildServer('echo');
}

/** The program of wireserver.ts. */
export async function buildWireserver(): Promise<string> {
  return await buildServer('wireserver');
}

async function buildServer(name: string): Promise<string> {
  const output = join(WORK, `${name}.mjs`);
  await bundleProgram(`windows/support/${name}.ts`, output);
  return output;
}

/** The stand-ins for vmcompute.dll and computenetwork.dll. */
export async function buildStandIns(): Promise<readonly string[]> {
  const { bytecode } = await buildImage('model', { file: join(HERE, 'stand-in/model/main.ts') }, WORK);
  return await Promise.all(
    ['vmcompute', 'computenetwork'].map((name) => buildLibrary(name, { model: bytecode })),
  );
}

/** The compiler takes the sources of a DLL where it takes the objects of an executable. */
async function buildLibrary(name: string, images: Readonly<Record<string, string>>): Promise<string> {
  const toolchain = await mingwToolchain();
  const output = join(WORK, `${name}.dll`);
  const sources = ['shim.c', `${name}.c`].map((file) => join(HERE, 'stand-in', file));
  const includes = ['-iquote', NATIVE, '-isystem', engineDirectory()];
  const linkBefore = ['-shared', '-static', '-s', ...toolchain.compileFlags, ...includes, ...sources];
  const linkAfter = [...toolchain.linkAfter, '-lole32'];
  await link({ ...toolchain, linkBefore, linkAfter }, { output, images, work: join(WORK, name) });
  return output;
}
