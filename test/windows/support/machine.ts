/**
 * A Windows machine: Wine in the network of a test VM (test/conformance/vm.ts), whose NIC is called Ethernet, with the
 * stand-ins for the DLLs of the host network service in C:\windows\system32. The executables are the product's own.
 */
import { join } from 'node:path';
import { type Ran, TestVm } from '../../conformance/vm.ts';
import { buildStandIns } from './build.ts';
import { directoryOnC, installLibraries, WINE, WINESERVER, wineEnvironment, winePrefix } from './prefix.ts';

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export class WindowsMachine {
  readonly #vm: TestVm;
  readonly #prefix: string;

  private constructor(vm: TestVm, prefix: string) {
    this.#vm = vm;
    this.#prefix = prefix;
  }

  /** Needs root. `stop` it in any case. */
  static async start(): Promise<WindowsMachine> {
    const prefix = winePrefix();
    installLibraries(prefix, await buildStandIns());
    const vm = await TestVm.start({ ownProcesses: true });
    const machine = new WindowsMachine(vm, prefix);
    try {
      await vm.mustRun(['ip', '-batch', '-'], { stdin: NETWORK });
      await vm.mustRun(GATEWAY);
      const env = wineEnvironment(prefix);
      // One of an earlier run that was killed would still be in its network.
      await vm.startSilent([WINESERVER, '-k', '-w'], env).ended;
      vm.startSilent([WINESERVER, '-f', '-p'], env);
      // The first program starts the services of Wine, which would keep the pipes of any other.
      await vm.startSilent([WINE, 'cmd.exe', '/c', 'exit'], env).ended;
      return machine;
    } catch (error) {
      await machine.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#vm.startSilent([WINESERVER, '-k', '-w'], wineEnvironment(this.#prefix)).ended;
    await this.#vm.stop();
  }

  /** A program of Linux in the network of the machine that stays until it stops. */
  async serve(argv: readonly string[]): Promise<void> {
    await this.#vm.start(argv);
  }

  /** Runs an executable for Windows, named by its path on Linux. */
  async run(program: string, args: readonly string[] = [], { env, stdin }: CallOptions = {}): Promise<Ran> {
    return await this.#vm.run([WINE, program, ...args], {
      env: { ...wineEnvironment(this.#prefix), ...env },
      ...(stdin !== undefined && { stdin }),
    });
  }

  /** Path on Linux of what is on C:. */
  onC(path: string): string {
    return join(this.#prefix, 'drive_c', path);
  }

  /** An empty directory below C:/. */
  directory(name: string): { readonly path: string; readonly windows: string } {
    return directoryOnC(this.#prefix, name);
  }
}

/** The NIC as Windows calls it, in the subnet of the reference's requests. */
const NETWORK = `link set eth0 down
addr flush dev eth0
link set eth0 name Ethernet
addr add 10.240.0.4/16 brd + dev Ethernet
link set Ethernet up
route add default via 10.240.0.1
`;
const GATEWAY = ['ip', '-n', 'fabric', 'addr', 'add', '10.240.0.1/16', 'dev', 'fab0'];
