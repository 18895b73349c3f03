/**
 * The virtual VNet on one machine: VMs, the fabric between them, a wireserver and an internet, all in
 * namespaces without a name. `withLab` is what tests use; docs/lab.md is for people.
 */
import { existsSync, readFileSync } from 'node:fs';
import { buildLab, claimDirectory } from './build.ts';
import { onProcessEnd } from './cleanup.ts';
import { LabError } from './error.ts';
import { type FabricCounters, readCounters } from './fabric/counters.ts';
import { wireserverModeText } from './fabric/filter.ts';
import type { Anchor } from './host/anchor.ts';
import { loadBridgeNetfilter } from './host/bridge-netfilter.ts';
import { nftBatch } from './host/ip.ts';
import { isAlive } from './host/process.ts';
import { checkRequirements } from './host/requirements.ts';
import { addIpconfigs, removeIpconfigs } from './ipconfigs.ts';
import type { LabState, WireserverMode } from './model.ts';
import { Place } from './place.ts';
import { type Probe, type ProbeResult, sendProbe } from './probe.ts';
import { REQUEST_LOG } from './resident/protocol.ts';
import { labDirectory, readState, updateState } from './statefile.ts';
import { type Removed, takeDown, takeDownNow } from './takedown.ts';
import { makeVm, removeVm, type VmOptions } from './vm/make.ts';
import { Vm } from './vm/vm.ts';

export type { PluginRun } from './pod/plugins.ts';
export { PluginFailure } from './pod/plugins.ts';
export type { Pod } from './pod/pod.ts';
export type { Vm } from './vm/vm.ts';

export interface LabOptions {
  /** Several labs can be up at once under different names. @default {one made of the pid} */
  readonly name?: string;
  /** Subnet of NICs that name none. @default {10.240.0.0/16} */
  readonly subnet?: string;
  /** False for a lab that stays after this process; true ends it with the process. @default {true} */
  readonly tied?: boolean;
}

/** A request that the wireserver got. */
export interface WireserverRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: string;
  readonly url: string;
  readonly mode: WireserverMode;
}

export class Lab {
  readonly name: string;
  readonly directory: string;
  readonly fabric: Place;
  readonly internet: Place;
  readonly #vms = new Map<string, Vm>();
  #forget: () => void = () => undefined;

  private constructor(name: string, fabric: Anchor, internet: Anchor) {
    this.name = name;
    this.directory = labDirectory(name);
    this.fabric = new Place('fabric', fabric, this.directory);
    this.internet = new Place('internet', internet, this.directory);
  }

  /** Makes a lab without VMs. */
  static async create(options: LabOptions = {}): Promise<Lab> {
    checkRequirements();
    await loadBridgeNetfilter();
    const name = options.name ?? freeName();
    const tied = options.tied ?? true;
    const directory = claimDirectory(name);
    const forget = onProcessEnd(() => takeDownNow(directory));
    try {
      const subnet = options.subnet ?? DEFAULT_SUBNET;
      const { fabric, internet } = await buildLab(directory, { name, tied, subnet });
      const lab = new Lab(name, fabric, internet);
      if (tied) lab.#forget = forget;
      else forget();
      return lab;
    } catch (error) {
      await takeDown(directory);
      forget();
      throw error;
    }
  }

  /** Attaches to a lab that another command has made. */
  static open(name: string): Lab {
    checkRequirements();
    const state = readState(labDirectory(name));
    if (state === undefined) throw new LabError(`There is no lab "${name}": \`lab up\` makes one.`);
    const { fabric, internet } = state;
    const anchors = [fabric, internet, ...state.vms.map((vm) => vm.anchor)];
    if (fabric === undefined || internet === undefined || !anchors.every((it) => it && isAlive(it.inner))) {
      throw new LabError(`The lab "${name}" is a leftover: \`lab down --name ${name}\` removes it.`);
    }
    return new Lab(name, fabric, internet);
  }

  get state(): LabState {
    const state = readState(this.directory);
    if (state === undefined) throw new LabError(`The lab "${this.name}" is gone.`);
    return state;
  }

  async addVm(options: VmOptions = {}): Promise<Vm> {
    // What a VM asks has to be there before the VM is: on a busy machine the servers may start later.
    const [{ name, anchor }] = await Promise.all([
      makeVm(this.directory, options),
      this.fabric.ready(),
      this.internet.ready(),
    ]);
    const vm = new Vm(name, anchor, this.directory);
    this.#vms.set(vm.name, vm);
    return vm;
  }

  vm(name: string): Vm {
    const known = this.#vms.get(name);
    if (known !== undefined) return known;
    const state = this.state.vms.find((vm) => vm.name === name);
    if (state === undefined) throw new LabError(`There is no VM "${name}" in the lab "${this.name}".`);
    const vm = new Vm(name, state.anchor, this.directory);
    this.#vms.set(name, vm);
    return vm;
  }

  vms(): Vm[] {
    return this.state.vms.map((vm) => this.vm(vm.name));
  }

  /** Ends a VM like a power cut; its ipconfigs are free for the next one. */
  async removeVm(name: string): Promise<void> {
    this.#vms.get(name)?.disconnect();
    this.#vms.delete(name);
    await removeVm(this.directory, name);
  }

  /** Adds ipconfigs to a NIC at run time: a count, or addresses. Returns the addresses. */
  async addIpconfigs(
    vmName: string,
    wanted: number | readonly string[],
    nicName = 'eth0',
  ): Promise<string[]> {
    return addIpconfigs(this.directory, this.vm(vmName).nic(nicName).port, wanted);
  }

  /** Removes secondary ipconfigs: the fabric stops delivering and accepting them at once. */
  async removeIpconfigs(vmName: string, addresses: readonly string[], nicName = 'eth0'): Promise<void> {
    await removeIpconfigs(this.directory, this.vm(vmName).nic(nicName).port, addresses);
  }

  /** How the wireserver answers from now on. */
  async setWireserver(mode: WireserverMode): Promise<void> {
    await updateState(this.directory, async (state) => {
      await nftBatch(this.fabric.anchor, wireserverModeText(mode));
      return { ...state, wireserver: mode };
    });
  }

  /** What the wireserver was asked so far, oldest first; `refuse` and `blackhole` leave no trace. */
  wireserverRequests(): WireserverRequest[] {
    const path = `${this.directory}/${REQUEST_LOG}`;
    if (!existsSync(path)) return [];
    const rows = readFileSync(path, 'utf8').split('\n');
    return rows.filter((row) => row !== '').map((row) => JSON.parse(row) as WireserverRequest);
  }

  /** The probe of a load balancer, from 168.63.129.16. */
  probe(probe: Probe): Promise<ProbeResult> {
    return sendProbe(this.fabric, probe);
  }

  counters(): Promise<FabricCounters> {
    return readCounters(this.fabric.anchor);
  }

  /** Lets go of the connections; a lab that is not tied stays up. */
  disconnect(): void {
    for (const place of [this.fabric, this.internet, ...this.#vms.values()]) place.disconnect();
  }

  /** Takes everything down. */
  async close(): Promise<Removed> {
    this.disconnect();
    const removed = await takeDown(this.directory);
    this.#forget();
    return removed;
  }
}

/** Makes a lab, works in it and takes it down, whatever happens. */
export async function withLab<T>(options: LabOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await Lab.create(options);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}

/** A process that was killed may have left the directory of a lab, and had the pid of this one. */
function freeName(): string {
  for (;;) {
    const name = `p${process.pid}-${++made}`;
    if (!existsSync(labDirectory(name))) return name;
  }
}

let made = 0;
const DEFAULT_SUBNET = '10.240.0.0/16';
