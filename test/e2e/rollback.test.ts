/** A failed ADD: one error with a fitting code, and everything is as it was before the call. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { BUILT } from '../../scripts/build/paths.ts';
import { type CallChanges, Container, networkConfig } from './support/container.ts';
import { FakeIpam } from './support/fake-ipam.ts';
import { addUnusualConfig } from './support/node.ts';
import { assertNoLeftovers, files, type LogLine, lastLog, snapshot } from './support/state.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** Where the lab looks for plugins. */
const PLUGINS = [BUILT, '/usr/lib/cni'];

/** The container's call fails, and neither node nor namespace has changed. */
async function assertRefusedWithoutTrace(
  container: Container,
  changes: CallChanges,
  expected: { readonly code: number; readonly msg: RegExp },
): Promise<void> {
  const inside = () => container.mustExec(['ip', '-j', 'addr']);
  const before = { node: await snapshot(container.vm), container: await inside() };
  const { code, msg } = await container.refused('ADD', changes);
  assert.match(msg, expected.msg);
  assert.equal(code, expected.code, msg);
  assert.deepEqual({ node: await snapshot(container.vm), container: await inside() }, before);
}

describe('ADD in a network that stands', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let running: Container;
  let runningAddress: string;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
    running = await Container.create(vm, 'running');
    runningAddress = await running.addAddress();
  });
  after(async () => {
    await assertAnswered(running, '10.240.0.1');
    await assertAnswered(vm, runningAddress);
    await running.del();
    await assertNoLeftovers(vm);
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('fails when the interface is in the namespace already', async () => {
    const container = await Container.create(vm, 'taken');
    await container.mustExec(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0']);
    const msg = /^Failed to create endpoint: interface eth0 already exists in \/run\/netns\/taken; remove it/;
    await assertRefusedWithoutTrace(container, {}, { code: 100, msg });
    await container.mustExec(['ip', 'link', 'delete', 'eth0']);
    await container.add();
    await container.del();
  });

  const badNamespaces: Record<string, { path: string; prepare?: () => unknown; msg: RegExp }> = {
    'does not exist': {
      path: '/run/netns/missing',
      msg: /^Failed to open the network namespace \/run\/netns\/missing: ENOENT/,
    },
    'is a plain file': {
      path: '/run/plain',
      prepare: () => writeFileSync(vm.path('/run/plain'), ''),
      msg: /\/run\/plain is not a network namespace/,
    },
    'is a directory': { path: '/run', msg: /\/run is not a network namespace/ },
    'is another kind of namespace': { path: '/proc/self/ns/uts', msg: /is not a network namespace/ },
    'is that of the node': { path: '/proc/self/ns/net', msg: /should not be the same/ },
  };
  for (const [what, { path, prepare, msg }] of Object.entries(badNamespaces)) {
    test(`fails when CNI_NETNS ${what}`, async () => {
      prepare?.();
      const container = await Container.create(vm, what.replaceAll(' ', '-'));
      await assertRefusedWithoutTrace(container, { env: { CNI_NETNS: path } }, { code: 8, msg });
    });
  }

  test('fails when the state cannot be written, and works again when it can', async () => {
    const container = await Container.create(vm, 'readonly');
    const mount = (...args: string[]) => vm.mustExec(['mount', ...args]);
    await mount('--bind', '/run/azure-vnet', '/run/azure-vnet');
    await mount('-o', 'remount,ro,bind', '/run/azure-vnet');
    await assertRefusedWithoutTrace(container, {}, { code: 5, msg: /EROFS/ });
    await vm.mustExec(['umount', '/run/azure-vnet']);
    await container.add();
    await container.del();
  });

  test('fails at any file that does not fit on the disk any more, and works when it does', async () => {
    await assertNoLeftovers(vm, [runningAddress]);
    await vm.mustExec(['cp', '-a', '/run/azure-vnet', '/run/copy']);
    const disk = await TinyDisk.mount(vm);
    await vm.mustExec(['cp', '-a', '/run/copy/.', '/run/azure-vnet']);
    await disk.fill();
    const container = await Container.create(vm, 'full');
    const failedAt = new Set<string>();
    for (
      let called = await container.call('ADD');
      called.status !== 0;
      called = await container.call('ADD')
    ) {
      const { code, msg } = JSON.parse(called.stdout);
      assert.equal(code, 5, msg);
      failedAt.add(stageOf(lastLog(vm)));
      const before = await snapshot(vm);
      await assertRefusedWithoutTrace(container, {}, { code: 5, msg: /ENOSPC/ });
      assert.deepEqual(await snapshot(vm), before);
      await disk.makeRoomForOneMore();
    }
    // In between lies the first record, for which there is room when the lease took the place of another.
    failedAt.delete('record');
    assert.deepEqual([...failedAt], ['address', 'result']);
    await assertAnswered(container, '10.240.0.1');
    await container.del();
    await assertNoLeftovers(vm, [runningAddress]);
    await disk.unmount();
  });
});

describe('The first ADD', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  /** A node without a network, but with addresses and routes of many kinds. */
  async function freshNode(): Promise<{ vm: Vm; container: Container }> {
    const vm = await lab.addVm({ conflist: null, secondaries: 2 });
    await addUnusualConfig(vm);
    return { vm, container: await Container.create(vm, 'first') };
  }

  async function assertWorks(container: Container): Promise<void> {
    await container.add();
    await assertAnswered(container, '10.240.0.1');
    await assertAnswered(container.vm, '10.240.0.1');
    await container.del();
    await assertNoLeftovers(container.vm);
  }

  const tables: Record<string, string> = {
    'a set of another type': 'set local_ips { type inet_service; }',
    'a map of another type': 'map pod_macs { type ipv4_addr : inet_service; }',
    'a chain at another hook': 'chain prerouting { type filter hook input priority 0; }',
  };
  for (const [what, content] of Object.entries(tables)) {
    test(`fails when nf_tables refuses the rules because of ${what}`, async () => {
      const { vm, container } = await freshNode();
      await vm.mustExec(['nft', '-f', '-'], { stdin: `table bridge azure-vnet {\n${content}\n}\n` });
      const msg = /^nf_tables refused the .* of table bridge azure-vnet: E[A-Z]+/;
      await assertRefusedWithoutTrace(container, {}, { code: 100, msg });
      await vm.mustExec(['nft', 'delete', 'table', 'bridge', 'azure-vnet']);
      await assertWorks(container);
    });
  }

  test('fails when the bridge cannot be created', async () => {
    const { vm, container } = await freshNode();
    await vm.mustExec(['ip', 'link', 'property', 'add', 'dev', 'eth0', 'altname', 'azure0']);
    const msg = /^Failed to create bridge azure0: /;
    await assertRefusedWithoutTrace(container, {}, { code: 100, msg });
    await vm.mustExec(['ip', 'link', 'property', 'del', 'dev', 'eth0', 'altname', 'azure0']);
    await assertWorks(container);
  });

  test('fails when CNI_NETNS is a plain file', async () => {
    const { vm, container } = await freshNode();
    writeFileSync(vm.path('/run/plain'), '');
    const env = { CNI_NETNS: '/run/plain' };
    await assertRefusedWithoutTrace(container, { env }, { code: 8, msg: /is not a network namespace/ });
    await assertWorks(container);
  });

  test('fails when the state cannot be written', async () => {
    const { vm, container } = await freshNode();
    await vm.mustExec(['mkdir', '/run/azure-vnet']);
    await vm.mustExec(['mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', '/run/azure-vnet']);
    await assertRefusedWithoutTrace(container, {}, { code: 5, msg: /EROFS/ });
    await vm.mustExec(['umount', '/run/azure-vnet']);
    await assertWorks(container);
  });

  test('fails at any file that does not fit on the disk, also after the move', async () => {
    const { vm, container } = await freshNode();
    await vm.mustExec(['mkdir', '/run/azure-vnet']);
    const disk = await TinyDisk.mount(vm);
    await disk.fill();
    const failedAt = new Set<string>();
    for (;;) {
      const before = await snapshot(vm);
      const called = await container.call('ADD');
      if (called.status === 0) break;
      const { code, msg } = JSON.parse(called.stdout);
      assert.equal(code, 5, msg);
      failedAt.add(stageOf(lastLog(vm)));
      // The network stays once it stands; until then the node is as it was.
      if (files(vm, 'networks').length === 0) assert.deepEqual(await snapshot(vm), before, msg);
      await assertAnswered(vm, '10.240.0.1');
      await disk.makeRoomForOneMore();
    }
    await container.del();
    await assertNoLeftovers(vm);
    assert.deepEqual([...failedAt], ['lock', 'address', 'network', 'move', 'result']);
    await assertWorks(container);
    await disk.unmount();
  });
});

describe('An IPAM plugin', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let fake: FakeIpam;
  before(async () => {
    lab = await Lab.create();
    fake = await FakeIpam.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4, cniPath: [fake.directory, ...PLUGINS] });
    const container = await Container.create(vm, 'running');
    await container.add();
  });
  after(async () => {
    fake.remove();
    await assertNothingDropped(lab);
    await lab.close();
  });

  const ips = (...addresses: string[]) => addresses.map((address) => ({ address, gateway: '10.240.0.1' }));
  const good = { cniVersion: '1.0.0', ips: ips('10.240.0.8/16') };
  const answers: Record<string, { out: string; status?: number; code: number; msg: RegExp }> = {
    'that prints nothing': { out: '', code: 100, msg: /fake-ipam.mjs" failed: printed no result/ },
    'that prints no JSON': { out: 'hello', code: 100, msg: /printed no JSON result but: hello/ },
    'that gives no address': { out: '{"cniVersion":"1.0.0"}', code: 100, msg: /returned no addresses/ },
    'that gives a malformed address': {
      out: JSON.stringify({ ...good, ips: ips('10.240.0/16') }),
      code: 100,
      msg: /malformed result: .*10\.240\.0\/16/,
    },
    'that gives an IPv6 address': {
      out: JSON.stringify({ ...good, ips: [{ address: 'fd00::5/64' }] }),
      code: 2,
      msg: /IPAM returned an address of IPv6/,
    },
    'that gives an address of no NIC': {
      out: JSON.stringify({ ...good, ips: [{ address: '172.20.0.5/16' }] }),
      code: 100,
      msg: /^Failed to find the master interface: no NIC has an address of the subnet 172\.20\.0\.0\/16/,
    },
    'that gives a route to nowhere': {
      out: JSON.stringify({ ...good, routes: [{ dst: '10.9.0.0/16', gw: '192.0.2.1' }] }),
      code: 100,
      msg: /^Failed to set up eth0: the kernel refused its route 1 with ENETUNREACH/,
    },
    'that fails with its own error': {
      out: JSON.stringify({ cniVersion: '1.0.0', code: 117, msg: 'no luck', details: 'today' }),
      status: 1,
      code: 117,
      msg: /^no luck$/,
    },
    'that fails without an error': { out: '', status: 3, code: 100, msg: /exit status 3 without an error/ },
  };
  for (const [what, { out, status, code, msg }] of Object.entries(answers)) {
    test(`${what}: the error says so, and its DEL is run`, async () => {
      const config = networkConfig({ cniVersion: '1.0.0', ipam: { type: fake.type } });
      const container = await Container.create(vm, what.replaceAll(' ', '-'), { config });
      fake.answerAdd(out, status);
      await assertRefusedWithoutTrace(container, { env: fake.env }, { code, msg });
      assert.deepEqual(fake.calls(), ['ADD', 'DEL']);
    });
  }

  test('that is not there: the error says where it was looked for', async () => {
    const config = networkConfig({ ipam: { type: 'no-such-ipam' } });
    const container = await Container.create(vm, 'no-such-ipam', { config });
    const msg = /no-such-ipam.*\/usr\/lib\/cni/;
    await assertRefusedWithoutTrace(container, {}, { code: 100, msg });
  });
});

/** How far a call came, by its line in the log. */
function stageOf({ steps, error = '' }: LogLine): string {
  const names = steps.map(([name]) => name);
  if (names.includes('configure interface')) return 'result';
  if (names.includes('move host addresses')) return 'move';
  if (names.includes('network')) return 'network';
  if (error.includes('lock')) return 'lock';
  return error.startsWith('the addresses') ? 'address' : 'record';
}

/** The state on a disk of its own, whose files are counted: one fits for each that was made room for. */
class TinyDisk {
  readonly #vm: Vm;
  #fillers = 0;

  private constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** An empty one over /run/azure-vnet. */
  static async mount(vm: Vm): Promise<TinyDisk> {
    await vm.mustExec(['mount', '-t', 'tmpfs', '-o', 'mode=0700,nr_inodes=60', 'tmpfs', STATE]);
    return new TinyDisk(vm);
  }

  async fill(): Promise<void> {
    const touch = () => this.#vm.exec(['touch', `${STATE}/filler${this.#fillers}`]);
    while ((await touch()).status === 0) this.#fillers++;
  }

  async makeRoomForOneMore(): Promise<void> {
    assert.ok(this.#fillers > 0, 'ADD works with that many files');
    await this.#vm.mustExec(['rm', `${STATE}/filler${--this.#fillers}`]);
  }

  async unmount(): Promise<void> {
    await this.#vm.mustExec(['umount', STATE]);
  }
}

const STATE = '/run/azure-vnet';
