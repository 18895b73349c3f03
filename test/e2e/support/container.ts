/**
 * A container without a runtime around it: a network namespace, and calls of azure-vnet with exactly the
 * variables and the configuration that a test wants.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';

export interface ResultInterface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly sandbox?: string;
}

export interface AddResult {
  readonly cniVersion: string;
  readonly interfaces: readonly ResultInterface[];
  readonly ips: readonly {
    readonly address: string;
    readonly gateway?: string;
    readonly interface?: number;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly dns?: Readonly<Record<string, unknown>>;
}

export interface CallError {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** What a call printed and how long it took. */
export interface Called {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** The plugin's part of the page's conflist, in the newest version, with changes. */
export function networkConfig(changes: JsonObject = {}): JsonObject {
  return { ...BASE_CONFIG, ...changes };
}

export class Container {
  readonly vm: Vm;
  readonly name: string;
  readonly netns: string;
  readonly id: string;
  readonly #config: JsonObject;

  private constructor(vm: Vm, name: string, netns: string, id: string, config: JsonObject) {
    this.vm = vm;
    this.name = name;
    this.netns = netns;
    this.id = id;
    this.#config = config;
  }

  /** Makes the namespace `name`; nothing is attached yet. */
  static async create(
    vm: Vm,
    name: string,
    options: { readonly id?: string; readonly config?: JsonObject } = {},
  ): Promise<Container> {
    const netns = await vm.addNetns(name);
    const id = options.id ?? randomBytes(32).toString('hex');
    return new Container(vm, name, netns, id, options.config ?? networkConfig());
  }

  /** Runs the plugin; whatever happens, stdout is nothing or one JSON document. */
  async call(command: string, changes: CallChanges = {}): Promise<Called> {
    const { config = this.#config, env = {}, plugin = 'azure-vnet' } = changes;
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: this.id,
      CNI_NETNS: this.netns,
      CNI_IFNAME: 'eth0',
      ...env,
    };
    const run = await this.vm.runPlugin(plugin, variables, JSON.stringify(config));
    assert.equal(run.timedOut, false, `${plugin} ${command} ended in time`);
    if (run.stdout !== '') assert.doesNotThrow(() => JSON.parse(run.stdout), `one document: ${run.stdout}`);
    const { status, stdout, stderr, durationUs } = run;
    return { status, stdout, stderr, durationMs: durationUs / 1000 };
  }

  async add(changes: CallChanges = {}): Promise<AddResult> {
    const { status, stdout } = await this.call('ADD', changes);
    assert.equal(status, 0, `ADD of ${this.name}: ${stdout}`);
    return JSON.parse(stdout) as AddResult;
  }

  /** ADD that returns the address without its prefix. */
  async addAddress(changes: CallChanges = {}): Promise<string> {
    return addressOf(await this.add(changes));
  }

  async del(changes: CallChanges = {}): Promise<void> {
    const { status, stdout } = await this.call('DEL', changes);
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' }, `DEL of ${this.name}`);
  }

  /** A call that has to fail; its error. */
  async refused(command: string, changes: CallChanges = {}): Promise<CallError> {
    const { status, stdout } = await this.call(command, changes);
    assert.equal(status, 1, `${command} of ${this.name} fails: ${stdout}`);
    const error = JSON.parse(stdout) as CallError;
    assert.equal(typeof error.code, 'number', stdout);
    assert.equal(error.msg.includes('\n'), false, 'the message is one line');
    return error;
  }

  /** Runs a program in the namespace. */
  exec(argv: readonly string[], stdin?: string) {
    return this.vm.exec(this.#inside(argv), stdin === undefined ? {} : { stdin });
  }

  mustExec(argv: readonly string[]): Promise<string> {
    return this.vm.mustExec(this.#inside(argv));
  }

  start(argv: readonly string[]): Promise<number> {
    return this.vm.start(this.#inside(argv));
  }

  /** Deletes the namespace, with what is in it. */
  async removeNetns(): Promise<void> {
    await this.vm.mustExec(['ip', 'netns', 'delete', this.name]);
  }

  /** The same container again in a new, empty namespace. */
  async renewNetns(): Promise<void> {
    await this.removeNetns();
    await this.vm.addNetns(this.name);
  }

  /** Not ip-netns(8), which mounts another /sys each time: that takes longer than most programs here. */
  #inside(argv: readonly string[]): string[] {
    return ['nsenter', `--net=${this.netns}`, '--', ...argv];
  }
}

export interface CallChanges {
  readonly config?: JsonObject;
  /** CNI_ variables that differ; an empty text stands for one that the runtime left empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default {azure-vnet} */
  readonly plugin?: string;
}

/** The first address of a result, without its prefix. */
export function addressOf(result: AddResult): string {
  const [first] = result.ips;
  assert.ok(first, 'the result has an address');
  return first.address.replace(/\/\d+$/, '');
}

const BASE_CONFIG: JsonObject = {
  cniVersion: '1.1.0',
  name: 'azure',
  type: 'azure-vnet',
  mode: 'bridge',
  bridge: 'azure0',
  ipam: { type: 'azure-vnet-ipam' },
};
