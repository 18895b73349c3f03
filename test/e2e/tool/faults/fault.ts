/** A fault that is made on a node of the lab, which command mends it, and the node it is made on. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Lab, Vm } from '../../../../lab/lab.ts';
import { links } from '../../support/kernel.ts';
import { type } from '../../support/tool.ts';
import { STATE } from '../../support/tool-node.ts';

export interface Fault {
  readonly code: string;
  readonly found: RegExp;
  inject(node: FaultyNode): Promise<unknown>;
  /** What takes it away where the advised command cannot be typed here; else that is typed. */
  undo?(node: FaultyNode): Promise<unknown>;
  readonly flags?: readonly string[];
  readonly severity?: 'warning' | 'note';
  /** The wireserver cannot be reached either. */
  readonly cutsOff?: true;
}

const CONFLIST = '/etc/cni/net.d/10-azure.conflist';
const SAVED_CONFLIST = '/run/10-azure.saved';
const SAVED_ENDPOINT = '/run/saved-endpoint';

export class FaultyNode {
  readonly lab: Lab;
  readonly vm: Vm;
  #running = 0;
  #hidden = '';

  constructor(lab: Lab, vm: Vm) {
    this.lab = lab;
    this.vm = vm;
  }

  /** Types a command. */
  sh(command: string): Promise<void> {
    return type(this.vm, command);
  }

  write(path: string, text: string): void {
    mkdirSync(this.vm.path(path.slice(0, path.lastIndexOf('/'))), { recursive: true });
    writeFileSync(this.vm.path(path), text);
  }

  /** Replaces something in our configuration. */
  async reconfigure(from: string, to: string): Promise<void> {
    const text = readFileSync(this.vm.path(CONFLIST), 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(this.vm.path(SAVED_CONFLIST), text);
    writeFileSync(this.vm.path(CONFLIST), text.replace(from, to));
  }

  async restore(): Promise<void> {
    writeFileSync(this.vm.path(CONFLIST), readFileSync(this.vm.path(SAVED_CONFLIST)));
  }

  /** A process of this name that does nothing. */
  async start(name: string): Promise<void> {
    await this.vm.mustExec(['mkdir', '-p', '/run/programs']);
    await this.vm.mustExec(['cp', '/bin/sleep', `/run/programs/${name}`]);
    await this.run(`/run/programs/${name}`, '1000');
  }

  async run(...argv: readonly string[]): Promise<void> {
    this.#running = await this.vm.start(argv);
  }

  stop(): Promise<unknown> {
    return this.vm.stop(this.#running);
  }

  /** Takes the record of an endpoint away. */
  hideEndpoint(): void {
    const [first] = readdirSync(this.vm.path(`${STATE}/endpoints`));
    assert.ok(first);
    this.#hidden = `${STATE}/endpoints/${first}`;
    renameSync(this.vm.path(this.#hidden), this.vm.path(SAVED_ENDPOINT));
  }

  showEndpoint(): void {
    renameSync(this.vm.path(SAVED_ENDPOINT), this.vm.path(this.#hidden));
  }

  async indexOf(name: string): Promise<number> {
    return (await links(this.vm)).find(({ ifname }) => ifname === name)?.ifindex ?? 0;
  }
}

export function written(path: string, text: string): Fault['inject'] {
  return async (node) => node.write(path, text);
}

export function removed(path: string): Fault['inject'] {
  return async ({ vm }) => rmSync(vm.path(path));
}

export function wireserverFault(mode: Parameters<Lab['setWireserver']>[0], found: RegExp): Fault {
  return {
    code: 'SOURCE_UNAVAILABLE',
    found,
    inject: ({ lab }) => lab.setWireserver(mode),
    undo: ({ lab }) => lab.setWireserver('ok'),
  };
}
