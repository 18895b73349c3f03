/** IPAM by another program, and our IPAM for another plugin. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import {
  type AddResult,
  addressOf,
  type CallChanges,
  Container,
  networkConfig,
} from './support/container.ts';
import { ipv4, routes } from './support/kernel.ts';
import { assertNoLeftovers, lastLog, leases, snapshot } from './support/state.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('IPAM by host-local', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  /** What host-local has given away. */
  function allocated(): string[] {
    const directory = vm.path('/var/lib/cni/networks/azure');
    return existsSync(directory) ? readdirSync(directory).filter((name) => /^\d/.test(name)) : [];
  }

  function config(changes: object = {}) {
    const { secondaries } = vm.nic();
    const range = {
      subnet: '10.240.0.0/16',
      rangeStart: secondaries[0] ?? '',
      rangeEnd: secondaries[3] ?? '',
    };
    const ipam = { type: 'host-local', ranges: [[{ ...range, gateway: '10.240.0.1' }]], ...changes };
    return networkConfig({ cniVersion: '1.0.0', ipam });
  }

  for (const [what, changes] of Object.entries({
    'without routes: the gateway becomes the default route': {},
    'with a default route': { routes: [{ dst: '0.0.0.0/0' }] },
  })) {
    test(`${what}`, async () => {
      const name = what.includes('without') ? 'bare' : 'routed';
      const container = await Container.create(vm, name, { config: config(changes) });
      const result = await container.add();
      const address = addressOf(result);
      assert.deepEqual(allocated(), [address]);
      assert.deepEqual(result.ips, [{ interface: 2, address: `${address}/16`, gateway: '10.240.0.1' }]);
      assert.deepEqual(
        result.routes?.map(({ dst }) => dst),
        ['0.0.0.0/0'],
      );
      const [gateway] = (await routes(container)).filter(({ dst }) => dst === 'default');
      assert.equal(gateway?.gateway, '10.240.0.1');
      await assertAnswered(container, '10.240.0.1');
      await assertAnswered(vm, address);
      assert.deepEqual(await container.add(), result, 'ADD again');
      assert.deepEqual(leases(vm), [], 'our own IPAM has nothing to do with it');
      await container.del();
      assert.deepEqual(allocated(), []);
      await assertNoLeftovers(vm);
    });
  }

  test('a failed ADD gives the address back', async () => {
    const container = await Container.create(vm, 'taken', { config: config() });
    await container.mustExec(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0']);
    const before = await snapshot(vm);
    assert.match((await container.refused('ADD')).msg, /interface eth0 already exists/);
    assert.deepEqual(allocated(), []);
    assert.deepEqual(await snapshot(vm), before);
  });

  test('DEL without the record of the endpoint gives the address back, too', async () => {
    const container = await Container.create(vm, 'norecord', { config: config() });
    await container.add();
    rmSync(vm.path('/run/azure-vnet/endpoints'), { recursive: true });
    await container.del();
    assert.deepEqual(allocated(), []);
    await assertNoLeftovers(vm);
  });
});

describe('azure-vnet-ipam as another file', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let directory: string;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 1 });
    directory = mkdtempSync(join(tmpdir(), 'other-file-'));
    const [built = ''] = vm.state.cniPath;
    copyFileSync(join(built, 'azure-vnet-ipam'), join(directory, 'azure-vnet-ipam'));
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await assertNothingDropped(lab);
    await lab.close();
  });

  /** The call as it is, and with the copy found first on CNI_PATH. */
  function bothWays(): Record<'inProcess' | 'executed', CallChanges> {
    const CNI_PATH = [directory, ...vm.state.cniPath].join(':');
    return { inProcess: {}, executed: { env: { CNI_PATH } } };
  }

  function wasExecuted(): boolean {
    return lastLog(vm).steps.some(([step]) => step.startsWith('exec azure-vnet-ipam'));
  }

  test('gives the same results as in process', async () => {
    const { inProcess, executed } = bothWays();
    const container = await Container.create(vm, 'same');
    const results: AddResult[] = [];
    for (const [way, adds] of Object.entries({ inProcess, executed, mixed: inProcess })) {
      results.push(await container.add(adds));
      assert.equal(wasExecuted(), way === 'executed');
      await assertAnswered(container, '10.240.0.1');
      // Who allocates and who releases need not be the same.
      await container.del(way === 'mixed' ? executed : adds);
      assert.equal(wasExecuted(), way !== 'inProcess');
      await assertNoLeftovers(vm);
    }
    assert.deepEqual(results[1], results[0]);
  });

  test('gives the same errors as in process', async () => {
    const { inProcess, executed } = bothWays();
    const running = await Container.create(vm, 'running');
    await running.add();
    const container = await Container.create(vm, 'errors');
    const cases: readonly CallChanges[] = [
      {},
      { config: networkConfig({ master: 'eth7' }) },
      { config: networkConfig({ ipam: { type: 'azure-vnet-ipam', subnet: '10.99.0.0/16' } }) },
      { config: networkConfig({ ipam: { type: 'azure-vnet-ipam', queryInterval: {} } }) },
      { config: networkConfig({ runtimeConfig: { ips: ['10.240.0.1'] } }) },
    ];
    const before = await snapshot(vm);
    for (const changes of cases) {
      const own = await container.refused('ADD', { ...changes, ...inProcess });
      const others = await container.refused('ADD', { ...changes, ...executed });
      assert.deepEqual(others, own);
      assert.deepEqual(await snapshot(vm), before);
    }
    await running.del();
  });
});

describe('azure-vnet-ipam for the bridge plugin', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({
      conflist: null,
      secondaries: 3,
      extraNics: [{ subnet: '10.241.0.0/16', secondaries: 2 }],
    });
  });
  after(() => lab.close());

  for (const subnet of [undefined, '10.240.0.0/16', '10.241.0.0/16']) {
    test(`gives and takes back addresses ${subnet === undefined ? 'without' : `with ${subnet} as`} subnet`, async () => {
      const ipam = { type: 'azure-vnet-ipam', ...(subnet === undefined ? {} : { subnet }) };
      const config = { cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'cni0', ipam };
      const nic = subnet === '10.241.0.0/16' ? 'eth1' : 'eth0';
      const names = [`one-${nic}-${subnet === undefined}`, `two-${nic}-${subnet === undefined}`];
      const addresses: string[] = [];
      const containers = await Promise.all(names.map((name) => Container.create(vm, name, { config })));
      for (const container of containers) {
        const result = await container.add({ plugin: 'bridge' });
        const address = addressOf(result);
        assert.ok(vm.nic(nic).secondaries.includes(address), `${address} is of ${nic}`);
        assert.deepEqual(await ipv4(container, 'eth0'), [`${address}/16`]);
        assert.equal(result.ips[0]?.gateway, nic === 'eth0' ? '10.240.0.1' : '10.241.0.1');
        addresses.push(address);
      }
      assert.deepEqual(
        leases(vm)
          .map(({ address }) => address)
          .sort(),
        [...addresses].sort(),
      );
      for (const container of containers) await container.del({ plugin: 'bridge' });
      assert.deepEqual(leases(vm), []);
      assert.equal(
        (await vm.exec(['ip', 'link', 'show', 'azure0'])).status,
        1,
        'no network of ours was built',
      );
    });
  }

  test('alone: the same address for the same interface, another one for another', async () => {
    const plugin = 'azure-vnet-ipam';
    const container = await Container.create(vm, 'alone');
    const result = await container.add({ plugin });
    assert.deepEqual(Object.keys(result).sort(), ['cniVersion', 'dns', 'ips', 'routes'], 'no interfaces');
    assert.deepEqual(await container.add({ plugin }), result);
    const second = await container.addAddress({ plugin, env: { CNI_IFNAME: 'net1' } });
    assert.notEqual(second, addressOf(result));
    await container.del({ plugin });
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [second],
    );
    await container.del({ plugin, env: { CNI_IFNAME: 'net1', CNI_NETNS: '' } });
    await container.del({ plugin });
    assert.deepEqual(leases(vm), []);
  });
});
