/** libcni's own command-line tool in a VM of the lab: every operation of the specification on a namespace. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../../../lab/host/run.ts';
import type { Vm } from '../../../lab/lab.ts';
import { isListening } from '../../../lab/pod/serve.ts';
import { CACHE } from '../../../scripts/build/paths.ts';
import type { AddResult } from '../../e2e/support/container.ts';
import { PLUGINS } from './client-vm.ts';
import { WHO, whoProgram } from './image.ts';
import { type ClientPod, POD_PORT } from './traffic.ts';
import { until } from './until.ts';

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
}

type Operation = 'add' | 'check' | 'del' | 'gc' | 'status';

export class CniTool {
  readonly #vm: Vm;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** Why it cannot be used; false when it can. */
  static get missing(): string | false {
    const programs = [CNITOOL, NEWER_PORTMAP];
    if (programs.every((path) => existsSync(path))) return false;
    return 'cnitool is not built: install Go and run `sh scripts/setup.sh test`';
  }

  /** Replaces Debian's portmap, which stops at CNI 1.0.0, by one that knows 1.1.0. */
  installNewerPortmap(): void {
    const path = this.#vm.path(join(PLUGINS, 'portmap'));
    rmSync(path);
    copyFileSync(NEWER_PORTMAP, path);
  }

  /** Runs an operation on a namespace, with these host ports; gc and status take any name. */
  run(operation: Operation, netns = 'none', ports: readonly PortMapping[] = []): Promise<RunResult> {
    const env = {
      PATH: process.env.PATH ?? '',
      CNI_PATH: PLUGINS,
      ...(ports.length > 0 && { CAP_ARGS: JSON.stringify({ portMappings: ports }) }),
    };
    return this.#vm.exec([CNITOOL, operation, 'azure', `/run/netns/${netns}`], { env });
  }

  /** The same, which has to succeed; its stdout. */
  async must(operation: Operation, netns?: string, ports?: readonly PortMapping[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(operation, netns, ports);
    if (status !== 0) throw new Error(`cnitool ${operation} ${netns}: ${stderr}`);
    return stdout;
  }

  /** Makes a namespace with a server in it, and attaches it. */
  async serve(name: string, ports?: readonly PortMapping[]): Promise<ServingNamespace> {
    const inside = ['ip', 'netns', 'exec', name];
    await this.#vm.addNetns(name);
    const program = await whoProgram();
    const pid = await this.#vm.start([...inside, program, 'serve', name, String(POD_PORT)]);
    await until(`${name} serves`, async () =>
      isListening(await this.#vm.mustExec([...inside, 'cat', '/proc/net/tcp']), POD_PORT),
    );
    const result = JSON.parse(await this.must('add', name, ports)) as AddResult;
    const address = result.ips[0]?.address.replace(/\/\d+$/, '') ?? '';
    return {
      name,
      address,
      result,
      exec: ([command = '', ...words]) =>
        this.#vm.exec([...inside, command === WHO ? program : command, ...words]),
      remove: async () => {
        await this.#vm.stop(pid);
        await this.#vm.mustExec(['ip', 'netns', 'delete', name]);
      },
    };
  }
}

export interface ServingNamespace extends ClientPod {
  readonly result: AddResult;
  /** Ends the server and deletes the namespace. */
  remove(): Promise<void>;
}

const CNITOOL = join(CACHE, 'bin/cnitool');
const NEWER_PORTMAP = join(CACHE, 'bin/portmap');
