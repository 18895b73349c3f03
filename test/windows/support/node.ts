/** A node on Windows: the machine with a wireserver, the stand-in HNS, and the product in C:\cni\bin. */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../../../scripts/build/paths.ts';
import type { Ran } from '../../conformance/vm.ts';
import { buildWireserver } from './build.ts';
import { StandInHns } from './hns.ts';
import { WindowsMachine } from './machine.ts';

/** Windows has another idea of where programs keep data only where somebody has moved it. */
const STATE = 'ProgramData/azure-vnet';

export const NAMESPACE = 'a1b2c3d4-0000-4000-8000-00000000000';

export interface PluginCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
  readonly containerId?: string;
  readonly netns?: string;
  readonly args?: string;
  readonly config?: object;
  /** `azure-vnet` when absent. */
  readonly plugin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Answer extends Ran {
  /** The document on stdout. */
  readonly document: Record<string, unknown>;
}

export const CONFIG = {
  cniVersion: '1.0.0',
  name: 'azure',
  type: 'azure-vnet',
  mode: 'bridge',
  bridge: 'azure0',
  ipam: { type: 'azure-vnet-ipam' },
} as const;

export class WindowsNode {
  readonly hns: StandInHns;
  readonly #machine: WindowsMachine;
  readonly #bin: { readonly path: string; readonly windows: string };

  private constructor(machine: WindowsMachine) {
    this.#machine = machine;
    this.hns = new StandInHns(machine.directory('hns'));
    this.#bin = machine.directory('cni/bin');
  }

  /** `addresses`: secondary ones on the NIC. `build` is a directory of dist/. */
  static async start(addresses: number, build = 'windows-amd64'): Promise<WindowsNode> {
    const wireserver = await buildWireserver();
    const machine = await WindowsMachine.start();
    try {
      const node = new WindowsNode(machine);
      await machine.serve([
        'ip',
        'netns',
        'exec',
        'fabric',
        wireserver,
        '168.63.129.16',
        '80',
        String(addresses),
      ]);
      await machine.serve([wireserver, '127.0.0.1', '8080', String(addresses)]);
      copyFileSync(join(DIST, build, 'azure-vnet.exe'), join(node.#bin.path, 'azure-vnet.exe'));
      linkSync(join(node.#bin.path, 'azure-vnet.exe'), join(node.#bin.path, 'azure-vnet-ipam.exe'));
      node.reset();
      return node;
    } catch (error) {
      await machine.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#machine.stop();
  }

  /** As after a first start of the machine; namespaces 0 to 9 and all containers that HCS is asked for are there. */
  reset(): void {
    rmSync(this.#machine.onC(STATE), { recursive: true, force: true });
    this.hns.reset({ namespaces: Array.from({ length: 10 }, (_, index) => `${NAMESPACE}${index}`) });
  }

  /** One call as a runtime makes it. */
  async call(call: PluginCall): Promise<Answer> {
    const { command, containerId, netns, args, config = CONFIG, plugin = 'azure-vnet', env } = call;
    const attached = command === 'ADD' || command === 'DEL' || command === 'CHECK';
    const ran = await this.#machine.run(join(this.#bin.path, `${plugin}.exe`), [], {
      env: {
        CNI_COMMAND: command,
        CNI_PATH: this.#bin.windows,
        ...(attached && { CNI_CONTAINERID: containerId ?? '', CNI_IFNAME: 'eth0', CNI_NETNS: netns ?? '' }),
        ...(args !== undefined && { CNI_ARGS: args }),
        ...this.hns.variable,
        ...env,
      },
      stdin: JSON.stringify(config),
    });
    const document = ran.stdout === '' ? {} : JSON.parse(ran.stdout);
    return { ...ran, document };
  }

  get machine(): WindowsMachine {
    return this.#machine;
  }

  /** File names in a directory of the state. */
  records(directory: string): readonly string[] {
    const path = join(this.#machine.onC(STATE), directory);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  /** The lines of the log. */
  log(): readonly Record<string, unknown>[] {
    const text = readFileSync(join(this.#machine.onC(STATE), 'azure-vnet.log'), 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Another directory with the programs. */
  programsIn(name: string): { readonly path: string; readonly windows: string } {
    const directory = this.#machine.directory(name);
    mkdirSync(directory.path, { recursive: true });
    for (const file of readdirSync(this.#bin.path)) {
      copyFileSync(join(this.#bin.path, file), join(directory.path, file));
    }
    return directory;
  }
}
