/** A pod: a network namespace of a VM, attached by the plugins of the VM's configuration. */
import { delChain } from '../../src/cni/runtime/chain.ts';
import { attachmentOf } from '../../src/cni/runtime/maintain.ts';
import { LabError } from '../error.ts';
import type { RunOptions, RunResult } from '../host/run.ts';
import type { LabState, PodState } from '../model.ts';
import type { StartOptions } from '../resident/client.ts';
import { updateState } from '../statefile.ts';
import type { Vm } from '../vm/vm.ts';
import { cachedList, loopbackCall } from './conflists.ts';
import { PluginFailure, type PluginRun, pluginExecutor } from './plugins.ts';
import { serverArgv, waitForListener } from './serve.ts';

export class Pod {
  readonly name: string;
  readonly vm: Vm;
  /** What the runtime remembers of it. */
  readonly record: PodState;
  /** The plugins that ADD has run, in their order; empty for a pod that another command has made. */
  readonly added: readonly PluginRun[];

  constructor(vm: Vm, record: PodState, added: readonly PluginRun[]) {
    this.name = record.name;
    this.vm = vm;
    this.record = record;
    this.added = added;
  }

  /** The first IPv4 address. */
  get address(): string {
    const [first] = this.record.addresses;
    if (first === undefined) throw new LabError(`The pod ${this.name} has no IPv4 address.`);
    return first;
  }

  exec(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.vm.exec(['ip', 'netns', 'exec', this.name, ...argv], options);
  }

  mustExec(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.vm.mustExec(['ip', 'netns', 'exec', this.name, ...argv], options);
  }

  /** Starts a program in the pod that stays; `vm.stop(pid)` ends it. */
  start(argv: readonly string[], options: StartOptions = {}): Promise<number> {
    return this.vm.start(['ip', 'netns', 'exec', this.name, ...argv], options);
  }

  /**
   * Starts an HTTP server in the pod: GET /cgi-bin/who answers with the pod's name and the address that
   * it saw. Returns the pid when it listens.
   */
  async serve(port: number): Promise<number> {
    const pid = await this.start(serverArgv(port), {
      env: { PATH: process.env.PATH ?? '', LAB_POD: this.name },
    });
    await waitForListener(this.vm.path(`/proc/${pid}`), port);
    return pid;
  }

  /** DEL through the chain, then the namespace and what runs in it go. Returns the plugins that were run. */
  async remove(): Promise<readonly PluginRun[]> {
    const runs: PluginRun[] = [];
    const { cniPath } = this.vm.state;
    const exec = pluginExecutor(this.vm, cniPath, runs);
    const { cache } = this.record;
    const call = attachmentOf({ list: cachedList(cache), path: cniPath }, cache);
    const errors = [...(await delChain(exec, call, cache)), ...(await delChain(exec, loopbackCall(call)))];
    const [first] = errors;
    // As a runtime does: the pod stays on record until DEL succeeds, so that it can be tried again.
    if (first !== undefined) throw new PluginFailure(first, errors.slice(1));
    const pids = (await this.vm.mustExec(['ip', 'netns', 'pids', this.name])).split('\n').filter(Boolean);
    if (pids.length > 0) await this.vm.mustExec(['kill', '-KILL', ...pids]);
    await this.vm.mustExec(['ip', 'netns', 'delete', this.name]);
    await updateState(this.vm.labDirectory, (state) => withoutPod(state, this.name));
    return runs;
  }
}

function withoutPod(state: LabState, name: string): LabState {
  const vms = state.vms.map((vm) => ({ ...vm, pods: vm.pods.filter((pod) => pod.name !== name) }));
  return { ...state, vms };
}
