/**
 * A VM that is put back to the state before the first ADD within some 50 ms: what a test does a thousand
 * times cannot start a VM each time. What is put back is compared with what the VM had at its start.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gatewayText, prefixBitsOf } from '../../../lab/addresses.ts';
import type { Lab, Vm } from '../../../lab/lab.ts';
import { IMDS_ADDRESS, WIRESERVER_ADDRESS } from '../../../lab/model.ts';
import { type Called, Container, networkConfig } from '../support/container.ts';
import { isHostVeth, type KernelLink, type KernelState, kernelState, links } from '../support/kernel.ts';

/** The build with kill points, see native/kill.c. */
const TEST_BUILD = fileURLToPath(new URL('../../../dist/test', import.meta.url));

export type NodeState = ReturnType<typeof nodeStateIn>;

export class Machine {
  readonly vm: Vm;
  /** Addresses and routes as they were at the start. */
  readonly pristine: NodeState;
  readonly #containers: ReadonlyMap<string, Container>;

  private constructor(vm: Vm, pristine: NodeState, containers: ReadonlyMap<string, Container>) {
    this.vm = vm;
    this.pristine = pristine;
    this.#containers = containers;
  }

  /** A VM of the lab with a namespace for each name; nothing is attached. */
  static async create(lab: Lab, names: readonly string[], options: MachineOptions = {}): Promise<Machine> {
    const cniPath = options.killPoints === true ? { cniPath: [TEST_BUILD, '/usr/lib/cni'] } : {};
    const vm = await lab.addVm({ conflist: null, secondaries: 6, ...cniPath });
    const containers = new Map<string, Container>();
    for (const name of names) containers.set(name, await Container.create(vm, name, { id: `id-of-${name}` }));
    return new Machine(vm, nodeStateIn(await kernelState(vm)), containers);
  }

  container(name: string): Container {
    const container = this.#containers.get(name);
    assert.ok(container, `there is a container ${name}`);
    return container;
  }

  /** Runs the plugin; with `killAt` it ends by SIGKILL before that call to the system. */
  call(command: string, name: string, options: CallOptions = {}): Promise<Called> {
    const env = options.killAt === undefined ? {} : { AZURE_VNET_KILL_AT: String(options.killAt) };
    const attachments = (options.valid ?? []).map((valid) => ({
      containerID: this.container(valid).id,
      ifname: 'eth0',
    }));
    const config = networkConfig(command === 'GC' ? { 'cni.dev/valid-attachments': attachments } : {});
    return this.container(name).call(command, { env, config });
  }

  /** ADD that has to succeed; the address. */
  async add(name: string): Promise<string> {
    const { ips } = JSON.parse(await this.#succeed('ADD', name)) as { ips: { address: string }[] };
    return ips[0]?.address.replace(/\/\d+$/, '') ?? assert.fail('the result has an address');
  }

  /** DEL that has to succeed, and prints nothing. */
  async del(name: string): Promise<void> {
    assert.equal(await this.#succeed('DEL', name), '', 'DEL prints nothing');
  }

  /** GC that has to succeed and prints nothing; `valid` are the containers that stay. */
  async gc(valid: readonly string[]): Promise<void> {
    const [any = ''] = this.#containers.keys();
    assert.equal(await this.#succeed('GC', any, { valid }), '', 'GC prints nothing');
  }

  async #succeed(command: string, name: string, options: CallOptions = {}): Promise<string> {
    const { status, stdout } = await this.call(command, name, options);
    if (status !== 0) assert.fail(`${command} of ${name} ended with ${status}: ${stdout}`);
    return stdout;
  }

  /** Waits until no plugin runs, and no child that one has left to remove a link. */
  async idle(): Promise<void> {
    const deadline = performance.now() + IDLE_LIMIT_MS;
    while (runsPlugin(this.vm)) {
      assert.ok(performance.now() < deadline, 'every plugin ends');
      await sleep(2);
    }
  }

  /** Puts everything back: links, addresses, routes, rules, files. The namespaces of the containers stay. */
  async reset(): Promise<void> {
    await this.idle();
    const made = (await links(this.vm)).filter(isMade);
    const { primary, subnet } = this.vm.nic();
    const route = `dev eth0 proto dhcp src ${primary} metric 100`;
    // As a group they cost the kernel one waiting, not one each.
    const doomed = made.map(({ ifname }) => `link set ${ifname} group ${DOOMED}`);
    const commands = [
      'link set eth0 nomaster',
      ...doomed,
      ...(doomed.length === 0 ? [] : [`link del group ${DOOMED}`]),
      'addr flush dev eth0',
      'link set eth0 up',
      `addr add ${primary}/${prefixBitsOf(subnet)} brd + dev eth0 metric 100`,
      `route replace ${gatewayText(subnet)} ${route} scope link`,
      ...['default', WIRESERVER_ADDRESS, IMDS_ADDRESS].map(
        (dst) => `route replace ${dst} via ${gatewayText(subnet)} ${route}`,
      ),
    ];
    await this.vm.mustExec(['ip', '-batch', '-'], { stdin: commands.map((it) => `${it}\n`).join('') });
    await this.vm.mustExec(['nft', '-f', '-'], {
      stdin: 'add table bridge azure-vnet\ndelete table bridge azure-vnet\n',
    });
    rmSync(this.vm.path('/run/azure-vnet'), { recursive: true, force: true });
    assert.deepEqual(
      nodeStateIn(await kernelState(this.vm)),
      this.pristine,
      'the VM is as it was at its start',
    );
  }
}

export interface MachineOptions {
  /** The build with kill points instead of the product. */
  readonly killPoints?: boolean;
}

export interface CallOptions {
  readonly killAt?: number;
  /** Containers that GC is told are valid. */
  readonly valid?: readonly string[];
}

/** By a call of the plugin: host veths and bridges. */
function isMade(link: KernelLink): boolean {
  return isHostVeth(link) || link.linkinfo?.info_kind === 'bridge';
}

/** Addresses and routes of the node, wherever they are: on the NIC or on a bridge, which is in `device`. */
export function nodeStateIn({ addresses, routes }: KernelState) {
  const held = Object.entries(addresses)
    .filter(([device]) => device !== 'lo')
    .flatMap(([device, list]) =>
      list.map(({ local, prefixlen }) => ({ device, address: `${local}/${prefixlen}` })),
    );
  const through = routes.filter(({ dev, table }) => dev !== 'lo' && table !== 'local');
  return {
    held,
    routes: through
      .map(({ dst, dev, gateway = '', metric = 0, prefsrc = '' }) =>
        [dst, gateway && `via ${gateway}`, `dev ${dev}`, `src ${prefsrc}`, `metric ${metric}`]
          .filter(Boolean)
          .join(' '),
      )
      .sort(),
  };
}

function runsPlugin(vm: Vm): boolean {
  const pids = readdirSync(vm.path('/proc')).filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      return readFileSync(vm.path(`/proc/${pid}/comm`), 'utf8') === 'azure-vnet\n';
    } catch (error) {
      // It has ended since readdir.
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  });
}

const DOOMED = 77;
/** A detached child ends within 20 ms; on a busy machine within this. */
const IDLE_LIMIT_MS = 20_000;
