/** Secondary ipconfigs that come and go at run time: in the fabric and on the wireserver at once. */
import { planIpconfigs } from './addresses.ts';
import { LabError } from './error.ts';
import { changeIpconfigs } from './fabric/port.ts';
import type { Anchor } from './host/anchor.ts';
import type { LabState, NicState } from './model.ts';
import { updateState } from './statefile.ts';

/** Adds a count of free addresses, or these addresses, to the NIC behind a port; returns them. */
export async function addIpconfigs(
  labDirectory: string,
  port: string,
  wanted: number | readonly string[],
): Promise<string[]> {
  let added: string[] = [];
  await updateState(labDirectory, async (state) => {
    const nic = nicOfPort(state, port);
    added = planIpconfigs(state, nic, wanted);
    await changeIpconfigs(fabricOf(state), nic, added, 'add');
    return withSecondaries(state, port, [...nic.secondaries, ...added]);
  });
  return added;
}

export async function removeIpconfigs(
  labDirectory: string,
  port: string,
  addresses: readonly string[],
): Promise<void> {
  await updateState(labDirectory, async (state) => {
    const nic = nicOfPort(state, port);
    const unknown = addresses.filter((address) => !nic.secondaries.includes(address));
    if (unknown.length > 0) throw new LabError(`${unknown.join(', ')}: no secondary ipconfig of ${port}.`);
    await changeIpconfigs(fabricOf(state), nic, addresses, 'delete');
    const left = nic.secondaries.filter((address) => !addresses.includes(address));
    return withSecondaries(state, port, left);
  });
}

function fabricOf(state: LabState): Anchor {
  if (state.fabric === undefined) throw new LabError('The lab has no fabric yet.');
  return state.fabric;
}

function nicOfPort(state: LabState, port: string): NicState {
  const nic = state.vms.flatMap((vm) => vm.nics).find((candidate) => candidate.port === port);
  if (nic === undefined) throw new LabError(`There is no NIC behind ${port} any more.`);
  return nic;
}

function withSecondaries(state: LabState, port: string, secondaries: readonly string[]): LabState {
  const vms = state.vms.map((vm) => ({
    ...vm,
    nics: vm.nics.map((nic) => (nic.port === port ? { ...nic, secondaries } : nic)),
  }));
  return { ...state, vms };
}
