/** A VM with pods that the plugin has attached, one call at a time, each timed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, Vm } from '../lab/lab.ts';
import { ROOT } from '../scripts/build/paths.ts';
import { OUR_DIRECTORY } from './contestants.ts';
import { TimedExec, type TimedRun } from './timed-exec.ts';

export interface BenchPod {
  /** Name of its network namespace; the container id is made of it. */
  readonly name: string;
  readonly address: string;
  /** Of its interface. */
  readonly mac: string;
}

export class PodHost {
  readonly vm: Vm;
  readonly pods: BenchPod[] = [];
  /** Namespaces to which nothing was attached at the start. */
  readonly spare: readonly string[];
  readonly #helper: TimedExec;

  private constructor(vm: Vm, spare: readonly string[]) {
    this.vm = vm;
    this.spare = spare;
    this.#helper = new TimedExec(vm.anchor);
  }

  /** Makes the VM with room for `ipconfigs` pods, `spare` of which get a namespace only; attaches the rest. */
  static async start(lab: Lab, { pods, spare = 0 }: PodHostOptions): Promise<PodHost> {
    const vm = await lab.addVm({
      secondaries: Math.max(2, pods + spare),
      conflist: null,
      cniPath: [OUR_DIRECTORY],
    });
    const names = Array.from({ length: pods + spare }, (_, i) => `pod${i + 1}`);
    const stdin = names.map((name) => `netns add ${name}\n`).join('');
    await vm.mustExec(['ip', '-batch', '-'], { stdin });
    const host = new PodHost(vm, names.slice(pods));
    for (const name of names.slice(0, pods)) await host.attach(name);
    return host;
  }

  /** ADD for the namespace of this name. */
  async attach(name: string): Promise<TimedRun> {
    const run = await this.call('ADD', name);
    const { ips, interfaces } = JSON.parse(run.stdout) as Answer;
    const address = ips[0]?.address.replace(/\/\d+$/, '');
    const mac = interfaces.find(({ sandbox }) => sandbox !== undefined)?.mac;
    if (address === undefined || mac === undefined) throw new Error(`ADD of ${name}: ${run.stdout}`);
    this.pods.push({ name, address, mac });
    return run;
  }

  /** DEL of the pod of this name. */
  async detach(name: string): Promise<TimedRun> {
    const run = await this.call('DEL', name);
    const at = this.pods.findIndex((pod) => pod.name === name);
    if (at >= 0) this.pods.splice(at, 1);
    return run;
  }

  /** Any call for the namespace of this name; one that fails is an exception. */
  async call(command: string, name: string, config: object = {}): Promise<TimedRun> {
    const { env, stdin } = callOf(command, name, config);
    const run = await this.#helper.run({ argv: [join(OUR_DIRECTORY, 'azure-vnet')], env, stdin });
    if (run.status !== 0) throw new Error(`${command} of ${name} failed: ${run.stdout}`);
    return run;
  }

  close(): void {
    this.#helper.close();
  }
}

/** What the plugin is given for the namespace of this name. */
export function callOf(command: string, name: string, config: object = {}): PodCall {
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    CNI_COMMAND: command,
    CNI_CONTAINERID: name,
    CNI_NETNS: `/run/netns/${name}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: OUR_DIRECTORY,
  };
  return { env, stdin: JSON.stringify({ ...CONFIG, ...config }) };
}

export interface PodCall {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

interface Answer {
  readonly ips: readonly { readonly address: string }[];
  readonly interfaces: readonly { readonly mac?: string; readonly sandbox?: string }[];
}

export interface PodHostOptions {
  readonly pods: number;
  readonly spare?: number;
}

/** The plugin's part of the conflist that is shipped, in a version that knows CHECK. */
const CONFIG = ((): object => {
  const { name, plugins } = JSON.parse(readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8'));
  const ours = plugins.find(({ type }: { type: string }) => type === 'azure-vnet');
  return { ...ours, name, cniVersion: '1.0.0' };
})();
