/** Puts the plugin of obstacle-plugin.ts into a VM, behind azure-vnet, and steers it. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { bundleProgram } from '../../support/bundle.ts';
import { PLUGINS } from './client-vm.ts';

export class Obstacle {
  readonly #vm: Vm;

  private constructor(vm: Vm) {
    this.#vm = vm;
  }

  static async install(vm: Vm): Promise<Obstacle> {
    await bundleProgram('clients/support/obstacle-plugin.ts', vm.path(join(PLUGINS, TYPE)));
    return new Obstacle(vm);
  }

  /** A conflist with it between the first plugin and the others. */
  between(conflist: string): string {
    const { plugins, ...list } = JSON.parse(conflist) as { readonly plugins: readonly JsonObject[] };
    const [first, ...rest] = plugins;
    return JSON.stringify({ ...list, plugins: [first, { type: TYPE }, ...rest] });
  }

  /** The next ADD fails there, after azure-vnet has succeeded. */
  failOnce(): void {
    writeFileSync(this.#path('fail-once'), '');
  }

  /** ADD waits there until `release`. */
  hold(): void {
    writeFileSync(this.#path('hold'), '');
  }

  release(): void {
    rmSync(this.#path('hold'));
    rmSync(this.#path('held'), { force: true });
  }

  /** Waits until an ADD is held. */
  async whenHeld(): Promise<void> {
    const deadline = performance.now() + HELD_LIMIT_MS;
    while (!existsSync(this.#path('held'))) {
      if (performance.now() > deadline) throw new Error('No ADD has come to the plugin that holds it.');
      await sleep(10);
    }
  }

  #path(name: string): string {
    return this.#vm.path(join(PLUGINS, name));
  }
}

const TYPE = 'obstacle.mjs';
const HELD_LIMIT_MS = 60_000;
