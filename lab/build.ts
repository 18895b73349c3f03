/** Makes a lab without VMs: the directory, fabric, internet and the processes in them. */
import { LabError } from './error.ts';
import { setUpFabric } from './fabric/setup.ts';
import { type Anchor, startAnchor } from './host/anchor.ts';
import { mountPrivateRun } from './host/private-run.ts';
import { isAlive } from './host/process.ts';
import { type LabState, STATE_VERSION } from './model.ts';
import { bundleResident, launchResident } from './resident/launch.ts';
import { createLabDirectory, labDirectory, readState, writeState } from './statefile.ts';

/** Claims the name of a lab; a LabError says when it is taken and how to free it. */
export function claimDirectory(name: string): string {
  const directory = labDirectory(name);
  if (!createLabDirectory(directory)) throw new LabError(alreadyThere(name));
  return directory;
}

/** The anchors are on record before anything is done in them, so that a later take-down finds them. */
export async function buildLab(
  directory: string,
  options: Pick<LabState, 'name' | 'subnet' | 'tied'>,
): Promise<{ fabric: Anchor; internet: Anchor }> {
  const start: LabState = { version: STATE_VERSION, wireserver: 'ok', vms: [], ...options };
  writeState(directory, start);
  const anchor = { labDirectory: directory, tied: start.tied };
  const [fabric, internet] = await Promise.all([
    startAnchor(anchor),
    startAnchor(anchor),
    bundleResident(directory),
  ]);
  writeState(directory, { ...start, fabric, internet });
  await Promise.all([mountPrivateRun(fabric, directory), mountPrivateRun(internet, directory)]);
  await setUpFabric(fabric, internet);
  launchResident(fabric, 'fabric', 'fabric', directory);
  launchResident(internet, 'internet', 'internet', directory);
  return { fabric, internet };
}

function alreadyThere(name: string): string {
  const state = readState(labDirectory(name));
  const running = state?.fabric !== undefined && isAlive(state.fabric.inner);
  const what = running ? 'is up already' : 'was left over by a crash';
  return `The lab "${name}" ${what}: \`lab down --name ${name}\` removes it.`;
}
