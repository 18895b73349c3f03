/** Makes and removes VMs. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUILT } from '../../scripts/build/paths.ts';
import { type NicOptions, planNic, privateBlock } from '../addresses.ts';
import { LabError } from '../error.ts';
import { plugNic, unplugNic } from '../fabric/port.ts';
import { type Anchor, killAnchor, startAnchor } from '../host/anchor.ts';
import { mountPrivateRun } from '../host/private-run.ts';
import { waitForEnd } from '../host/process.ts';
import type { LabState, NicState, VmState } from '../model.ts';
import { launchResident } from '../resident/launch.ts';
import { readState, updateState } from '../statefile.ts';
import { addMasquerade, setUpFiles, setUpNetwork, waitForCarrier, writeInside } from './setup.ts';

export interface VmOptions extends NicOptions {
  /** @default {the next of vm1, vm2, …} */
  readonly name?: string;
  /** What the VM calls itself. @default {its name} */
  readonly hostname?: string;
  /** Further NICs: eth1, eth2, … */
  readonly extraNics?: readonly NicOptions[];
  /** The masquerade rule of the deployment page. @default {true} */
  readonly masquerade?: boolean;
  /** Text of /etc/cni/net.d/10-azure.conflist; null for none. @default {conf/10-azure.conflist} */
  readonly conflist?: string | null;
  /** Directories of the plugins. @default {what make build has made, then /usr/lib/cni} */
  readonly cniPath?: readonly string[];
}

/** Makes a VM in a lab; when a step fails, what was made is removed again. */
export async function makeVm(labDirectory: string, options: VmOptions): Promise<VmState> {
  const tied = readState(labDirectory)?.tied ?? false;
  const anchor = await startAnchor({ labDirectory, tied });
  let planned: { fabric: Anchor; vm: VmState } | undefined;
  try {
    planned = await recordVm(labDirectory, anchor, options);
    const { fabric, vm } = planned;
    await mountPrivateRun(anchor, labDirectory);
    const hostname = options.hostname ?? vm.name;
    await setUpFiles(anchor, hostname);
    launchResident(anchor, 'vm', vm.name, labDirectory);
    for (const nic of vm.nics) await plugNic(fabric, anchor, nic);
    await setUpNetwork(anchor, hostname, vm.nics);
    const [first] = vm.nics;
    if (first !== undefined && (options.masquerade ?? true)) {
      await addMasquerade(anchor, privateBlock(first.subnet));
    }
    const conflist = options.conflist === undefined ? shippedConflist() : options.conflist;
    if (conflist !== null) writeInside(anchor, CONFLIST_PATH, conflist);
    await waitForCarrier(anchor, vm.nics);
    return vm;
  } catch (error) {
    killAnchor(anchor);
    if (planned !== undefined) await forgetVm(labDirectory, planned.fabric, planned.vm);
    throw error;
  }
}

/** Ends a VM like a power cut: its NICs, pods and files are gone, its ipconfigs are free again. */
export async function removeVm(labDirectory: string, name: string): Promise<void> {
  const state = readState(labDirectory);
  const vm = state?.vms.find((candidate) => candidate.name === name);
  if (state?.fabric === undefined || vm === undefined) throw new LabError(`There is no VM ${name}.`);
  // Its programs have files of the machine open until they have ended, which takes a busy machine a moment.
  const left = await waitForEnd(killAnchor(vm.anchor), END_TIMEOUT_MS);
  if (left.length > 0) throw new LabError(`${name} did not end within ${END_TIMEOUT_MS} ms of SIGKILL.`);
  await forgetVm(labDirectory, state.fabric, vm);
}

/** Plans name, NICs and addresses and writes them down, so that nobody else gets them. */
async function recordVm(
  labDirectory: string,
  anchor: Anchor,
  options: VmOptions,
): Promise<{ fabric: Anchor; vm: VmState }> {
  let vm: VmState | undefined;
  const state = await updateState(labDirectory, (before) => {
    const name = checkedName(before, options.name);
    const nics: NicState[] = [];
    for (const nic of [options, ...(options.extraNics ?? [])]) nics.push(planNic(before, nics, name, nic));
    vm = { name, anchor, nics, cniPath: options.cniPath ?? DEFAULT_CNI_PATH, pods: [] };
    return { ...before, vms: [...before.vms, vm] };
  });
  if (state.fabric === undefined || vm === undefined) throw new LabError('The lab has no fabric yet.');
  return { fabric: state.fabric, vm };
}

async function forgetVm(labDirectory: string, fabric: Anchor, vm: VmState): Promise<void> {
  for (const nic of vm.nics) await unplugNic(fabric, nic);
  await updateState(labDirectory, (state) => ({
    ...state,
    vms: state.vms.filter(({ name }) => name !== vm.name),
  }));
}

function checkedName(state: LabState, wanted: string | undefined): string {
  const taken = new Set(['fabric', 'internet', ...state.vms.map((vm) => vm.name)]);
  if (wanted === undefined) {
    let number = 1;
    while (taken.has(`vm${number}`)) number++;
    return `vm${number}`;
  }
  // With "-eth0" behind it, the name has to fit an interface name of 15 bytes.
  if (!/^[a-z][a-z0-9]{0,9}$/.test(wanted)) {
    throw new LabError(`The VM's name "${wanted}" is not a letter and up to 9 of a-z and 0-9.`);
  }
  if (taken.has(wanted)) throw new LabError(`The name "${wanted}" is taken.`);
  return wanted;
}

function shippedConflist(): string | null {
  const path = fileURLToPath(new URL('../../conf/10-azure.conflist', import.meta.url));
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export const CONFLIST_PATH = '/etc/cni/net.d/10-azure.conflist';
const END_TIMEOUT_MS = 30_000;
const DEFAULT_CNI_PATH = [BUILT, '/usr/lib/cni'];
