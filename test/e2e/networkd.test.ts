/** systemd-networkd, the real one, on a node whose NIC it manages: a restart must not take the node off the network. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { until } from '../clients/support/until.ts';
import { Container } from './support/container.ts';
import { ipv4, link } from './support/kernel.ts';
import { tool } from './support/tool.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const NETWORKD = '/lib/systemd/systemd-networkd';
const DECLARED = '/run/systemd/network/05-azure-vnet-azure0.network';

const skip = reasonToSkip();

function reasonToSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  return existsSync(NETWORKD) ? false : `${NETWORKD} is not installed`;
}

describe('With systemd-networkd', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  async function assertOnNetwork(vm: Vm, pod: string): Promise<void> {
    assert.equal((await link(vm, 'eth0')).master, 'azure0');
    assert.deepEqual(await ipv4(vm, 'eth0'), []);
    await assertAnswered(vm, '10.240.0.1');
    await assertAnswered(lab.fabric, vm.nic().primary);
    await assertAnswered(lab.fabric, pod);
  }

  test('a restart leaves node and pods on the network', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    const networkd = await Networkd.install(vm);
    await networkd.start('configured');
    const pod = await (await Container.create(vm, 'pod')).addAddress();
    await assertOnNetwork(vm, pod);
    for (let round = 0; round < 2; round++) {
      await networkd.stop();
      await networkd.start('unmanaged');
      await assertOnNetwork(vm, pod);
    }
  });

  test('without the declaration a restart takes the NIC out of the bridge, and the next ADD mends it for good', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    const networkd = await Networkd.install(vm);
    await networkd.start('configured');
    const pod = await (await Container.create(vm, 'pod')).addAddress();
    rmSync(vm.path(DECLARED));
    await networkd.stop();
    await networkd.start('configured');
    assert.equal((await link(vm, 'eth0')).master, undefined);
    await (await Container.create(vm, 'next')).add();
    await networkd.stop();
    await networkd.start('unmanaged');
    await assertOnNetwork(vm, pod);
  });

  test('uninstall lets it have the NIC again', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    const networkd = await Networkd.install(vm);
    const container = await Container.create(vm, 'pod');
    await container.add();
    await container.del();
    assert.match(
      (await tool(vm, 'uninstall', '--dry-run')).stdout,
      new RegExp(`^would remove ${DECLARED}$`, 'm'),
    );
    const { stdout } = await tool(vm, 'uninstall');
    assert.match(stdout, new RegExp(`^removed ${DECLARED}$`, 'm'));
    assert.equal(existsSync(vm.path(DECLARED)), false);
    await networkd.start('configured');
    assert.deepEqual(await ipv4(vm, 'eth0'), [`${vm.nic().primary}/16`]);
    await assertAnswered(vm, '10.240.0.1');
  });

  test('a first ADD that fails declares nothing', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    await Networkd.install(vm);
    // The network's own record cannot be written, which is the last step of building it.
    const networks = '/run/azure-vnet/networks';
    await vm.mustExec(['mkdir', '-p', '-m', '700', '/run/azure-vnet', networks]);
    await vm.mustExec(['mount', '-t', 'tmpfs', '-o', 'ro,mode=700', 'tmpfs', networks]);
    const container = await Container.create(vm, 'pod');
    const { msg } = await container.refused('ADD');
    assert.match(msg, /EROFS|EXDEV/);
    assert.equal((await link(vm, 'eth0')).master, undefined);
    assert.equal(existsSync(vm.path(DECLARED)), false);
  });

  test('nothing is written where it does not run', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    await (await Container.create(vm, 'pod')).add();
    assert.equal(existsSync(vm.path('/run/systemd')), false);
  });
});

test('The address of the node stays when the lease that it came with ends', { skip }, async () => {
  const lab = await Lab.create();
  try {
    const vm = await lab.addVm({ conflist: null, secondaries: 2 });
    const { primary } = vm.nic();
    await vm.mustExec(
      `ip addr change ${primary}/16 dev eth0 metric 100 valid_lft 3600 preferred_lft 1800`.split(' '),
    );
    await (await Container.create(vm, 'pod')).add();
    assert.match(
      await vm.mustExec(['ip', 'addr', 'show', 'dev', 'azure0', 'to', primary]),
      /valid_lft forever/,
    );
  } finally {
    await lab.close();
  }
});

/** The daemon in a VM, with its files below the VM's own /run. Without udev: for that /sys is read-only. */
class Networkd {
  readonly #vm: Vm;
  #pid: number | undefined;

  private constructor(vm: Vm) {
    this.#vm = vm;
  }

  static async install(vm: Vm): Promise<Networkd> {
    const directories = ['links', 'leases', 'lldp'].map((name) => `/run/systemd/netif/${name}`);
    await vm.mustExec(['mkdir', '-p', '/run/systemd/network', ...directories]);
    await vm.mustExec(['chown', '-R', 'systemd-network:', '/run/systemd/netif']);
    await vm.mustExec(['mount', '--bind', '/sys', '/sys']);
    await vm.mustExec(['mount', '-o', 'remount,ro,bind', '/sys']);
    const { primary } = vm.nic();
    writeFileSync(
      vm.path('/run/systemd/network/10-netplan-eth0.network'),
      `[Match]\nName=eth0\n[Network]\nAddress=${primary}/16\nGateway=10.240.0.1\nLinkLocalAddressing=no\n`,
    );
    return new Networkd(vm);
  }

  /** Until it has come to this opinion of the NIC. */
  async start(opinion: 'configured' | 'unmanaged'): Promise<void> {
    const vm = this.#vm;
    const file = vm.path(`/run/systemd/netif/links/${(await link(vm, 'eth0')).ifindex}`);
    rmSync(file, { force: true });
    this.#pid = await vm.start([NETWORKD]);
    const says = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    await until(`systemd-networkd says ${opinion}`, () => says().includes(`ADMIN_STATE=${opinion}\n`));
  }

  async stop(): Promise<void> {
    const vm = this.#vm;
    await vm.mustExec(['kill', String(this.#pid)]);
    await until('systemd-networkd has ended', async () => {
      const { status } = await vm.exec(['kill', '-0', String(this.#pid)]);
      return status !== 0;
    });
  }
}
