/** A virtual machine of the lab: one network, mount, UTS and pid namespace with one or more NICs. */
import type { ExecPlugin } from '../../src/cni/runtime/call.ts';
import { LabError } from '../error.ts';
import type { Anchor } from '../host/anchor.ts';
import type { RunResult } from '../host/run.ts';
import type { LabState, NicState, VmState } from '../model.ts';
import { Place } from '../place.ts';
import { attachPod, type PodOptions } from '../pod/add.ts';
import { type PluginRun, pluginExecutor, runPlugin } from '../pod/plugins.ts';
import { Pod } from '../pod/pod.ts';
import { readState } from '../statefile.ts';

export class Vm extends Place {
  readonly labDirectory: string;

  constructor(name: string, anchor: Anchor, labDirectory: string) {
    super(name, anchor, labDirectory);
    this.labDirectory = labDirectory;
  }

  get labState(): LabState {
    const state = readState(this.labDirectory);
    if (state === undefined) throw new LabError(`The lab of ${this.labDirectory} is gone.`);
    return state;
  }

  /** The VM as the state has it now: NICs with their ipconfigs, pods. */
  get state(): VmState {
    const vm = this.labState.vms.find(({ name }) => name === this.name);
    if (vm === undefined) throw new LabError(`The VM ${this.name} is gone.`);
    return vm;
  }

  /** eth0, or another NIC by name. */
  nic(name = 'eth0'): NicState {
    const nic = this.state.nics.find((candidate) => candidate.name === name);
    if (nic === undefined) throw new LabError(`The VM ${this.name} has no NIC ${name}.`);
    return nic;
  }

  /** Adds a pod through the plugins; a PluginFailure tells which of them failed and how. */
  async addPod(name: string, options: PodOptions = {}): Promise<Pod> {
    const { record, runs } = await attachPod(this, name, options);
    return new Pod(this, record, runs);
  }

  /** The pods that are on record, also those that other commands have made. */
  pods(): Pod[] {
    return this.state.pods.map((record) => new Pod(this, record, []));
  }

  pod(name: string): Pod {
    const pod = this.pods().find((candidate) => candidate.name === name);
    if (pod === undefined) throw new LabError(`The VM ${this.name} has no pod "${name}".`);
    return pod;
  }

  /** Runs one plugin with exactly these CNI_ variables and this input, CNI_PATH added. */
  runPlugin(type: string, env: Readonly<Record<string, string>>, stdin: string): Promise<RunResult> {
    const { cniPath } = this.state;
    return runPlugin(this, cniPath, type, { CNI_PATH: cniPath.join(':'), ...env }, stdin);
  }

  /** The function with which the chains of src/cni/runtime run plugins here. */
  pluginExecutor(runs: PluginRun[] = []): ExecPlugin {
    return pluginExecutor(this, this.state.cniPath, runs);
  }

  /** A network namespace without anything attached; its path. */
  async addNetns(name: string): Promise<string> {
    await this.mustExec(['ip', 'netns', 'add', name]);
    return `/run/netns/${name}`;
  }
}
