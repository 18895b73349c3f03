/** The executables that the cases need: the built ones, and the stand-ins, bundled once. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST } from '../../scripts/build/paths.ts';
import { hostTarget, type TargetName } from '../../scripts/build/target.ts';
import { bundleProgram } from '../support/bundle.ts';
import { emulated } from '../support/emulated.ts';

export interface Programs {
  readonly azureVnet: string;
  readonly azureVnetIpam: string;
  readonly fakeIpam: string;
  readonly wireserver: string;
  remove(): void;
}

/** Executables of another target than this machine's run under qemu-user. */
export async function preparePrograms(target: TargetName = hostTarget()): Promise<Programs> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-programs-'));
  const built = (name: string) => {
    const path = join(DIST, target, name);
    if (!existsSync(path)) throw new Error(`${path} is missing: run "make build" first`);
    if (target === hostTarget()) return path;
    const wrappers = join(directory, target);
    mkdirSync(wrappers, { recursive: true });
    return emulated(path, target, join(wrappers, name));
  };
  const programs = {
    azureVnet: built('azure-vnet'),
    azureVnetIpam: built('azure-vnet-ipam'),
    fakeIpam: join(directory, 'fake-ipam.mjs'),
    wireserver: join(directory, 'wireserver.mjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  await bundleProgram('support/fake-ipam.ts', programs.fakeIpam);
  await bundleProgram('conformance/wireserver.ts', programs.wireserver);
  return programs;
}
