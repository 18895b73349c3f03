/** Several NICs and several networks on one node. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { type AddResult, addressOf, Container, networkConfig } from './support/container.ts';
import { ipv4, link, links, routes } from './support/kernel.ts';
import { checkOrRenew } from './support/renew.ts';
import { assertNoLeftovers, lastLog, leases, snapshot } from './support/state.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const FIRST = networkConfig({ name: 'first', bridge: 'azure0', ipam: ipam('10.240.0.0/16') });
const SECOND = networkConfig({ name: 'second', bridge: 'azure1', ipam: ipam('10.241.0.0/16') });

describe('Two NICs in two subnets', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let other: Vm;
  const second = { subnet: '10.241.0.0/16', secondaries: 4 } as const;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4, extraNics: [second] });
    other = await lab.addVm({ conflist: null, secondaries: 2, extraNics: [second] });
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('serve two networks at once, each with its own bridge and addresses', async () => {
    const pods = await Promise.all([
      attach(vm, 'one', FIRST),
      attach(vm, 'two', SECOND),
      attach(other, 'far-one', FIRST),
      attach(other, 'far-two', SECOND),
    ]);
    const [one, two, farOne, farTwo] = pods;
    assert.deepEqual(
      [one, two].map(({ result }) => [result.interfaces[0]?.name, result.ips[0]?.gateway]),
      [
        ['azure0', '10.240.0.1'],
        ['azure1', '10.241.0.1'],
      ],
    );
    for (const [nic, bridge, pod] of [
      ['eth0', 'azure0', one],
      ['eth1', 'azure1', two],
    ] as const) {
      const { mac, primary, secondaries } = vm.nic(nic);
      assert.ok(secondaries.includes(pod.address), `${pod.address} is of ${nic}`);
      assert.equal((await link(vm, nic)).master, bridge);
      assert.equal((await link(vm, bridge)).address, mac);
      assert.deepEqual(await ipv4(vm, bridge), [`${primary}/16`]);
      assert.deepEqual(await ipv4(vm, nic), []);
    }
    for (const [from, target] of [
      [one, farOne],
      [farOne, one],
      [two, farTwo],
      [farTwo, two],
    ] as const) {
      await assertAnswered(from.container, target.address);
    }
    for (const { address } of [one, two]) await assertAnswered(vm, address);
    await assertAnswered(vm, '10.240.0.1');
    await assertAnswered(two.container, '10.241.0.1');
    for (const { container } of pods) await container.del();
    for (const node of [vm, other]) await assertNoLeftovers(node);
  });

  test('give one container eth0 in the first network and net1 in the second', async () => {
    const container = await Container.create(vm, 'both');
    const eth0 = addressOf(await container.add({ config: FIRST }));
    // As a runtime with several networks does it: the second one is not the default.
    const result = await container.add({ config: SECOND, env: { CNI_IFNAME: 'net1' } }).catch(String);
    assert.equal(typeof result, 'object', String(result));
    const net1 = addressOf(result as AddResult);
    assert.deepEqual(await ipv4(container, 'eth0'), [`${eth0}/16`]);
    assert.deepEqual(await ipv4(container, 'net1'), [`${net1}/16`]);
    const defaults = (await routes(container)).filter(({ dst }) => dst === 'default');
    assert.deepEqual(
      defaults.map(({ dev }) => dev),
      ['eth0'],
      'the first network has the default route',
    );
    for (const address of [eth0, net1]) await assertAnswered(vm, address);
    for (const gateway of ['10.240.0.1', '10.241.0.1']) await assertAnswered(container, gateway);
    await container.del({ config: SECOND, env: { CNI_IFNAME: 'net1' } });
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [eth0],
    );
    await assertAnswered(vm, eth0);
    await container.del({ config: FIRST });
    await assertNoLeftovers(vm);
  });

  test('without a subnet: the pool of the primary NIC, and the network stays with its NIC', async () => {
    const { subnet, ...rest } = ipam('');
    const config = networkConfig({ name: 'auto', bridge: '', ipam: rest });
    const pod = await attach(vm, 'auto', config);
    assert.ok(vm.nic('eth0').secondaries.includes(pod.address));
    assert.equal(pod.result.interfaces[0]?.name, 'azure0');
    await pod.container.del();
    await assertNoLeftovers(vm);
  });
});

describe('Two NICs in one subnet', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('serve a network each, which are told apart by "master"', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 2, extraNics: [{ secondaries: 2 }] });
    const far = await lab.addVm({ conflist: null, secondaries: 1 });
    const peer = await attach(far, 'far', networkConfig());
    const pods = [
      await attach(vm, 'one', networkConfig({ name: 'first', master: 'eth0', bridge: 'azure0' })),
      await attach(vm, 'two', networkConfig({ name: 'second', master: 'eth1', bridge: 'azure1' })),
    ];
    for (const [i, { container, address, result }] of pods.entries()) {
      const nic = `eth${i}`;
      assert.ok(vm.nic(nic).secondaries.includes(address), `${address} is of ${nic}`);
      assert.equal(result.interfaces[0]?.name, `azure${i}`);
      assert.equal((await link(vm, nic)).master, `azure${i}`);
      assert.deepEqual(await ipv4(vm, `azure${i}`), [`${vm.nic(nic).primary}/16`]);
      await assertAnswered(container, '10.240.0.1');
      await assertAnswered(container, peer.address);
      await assertAnswered(peer.container, address);
    }
    await assertAnswered(vm, '10.240.0.1');
    for (const { container } of pods) await container.del();
    await assertNoLeftovers(vm);
  });
});

describe('A second network on the same NIC', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    await renew();
  });
  const renew = async () => {
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
  };
  afterEach(() => checkOrRenew(() => assertNoLeftovers(vm), renew));
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  for (const bridge of ['azure0', 'azure9', '']) {
    test(`with bridge "${bridge}" shares the one that is there; the node stays on the network`, async () => {
      const first = await attach(vm, `first${bridge}`, networkConfig({ name: 'first' }));
      const before = await snapshot(vm);
      const config = networkConfig({ name: `second${bridge}`, bridge });
      const second = await attach(vm, `second${bridge}`, config);
      assert.equal(second.result.interfaces[0]?.name, 'azure0');
      const now = await snapshot(vm);
      assert.deepEqual([now.addresses, now.routes], [before.addresses, before.routes]);
      assert.equal((await links(vm)).filter(({ linkinfo }) => linkinfo?.info_kind === 'bridge').length, 1);
      if (bridge === 'azure9') {
        const note = 'info: eth0 is already the uplink of azure0, which this network shares';
        assert.ok(lastLog(vm).notes.includes(note), lastLog(vm).notes.join('\n'));
      }
      await assertAnswered(vm, '10.240.0.1');
      await assertAnswered(lab.fabric, vm.nic().primary);
      await assertAnswered(first.container, second.address);
      await assertAnswered(second.container, first.address);
      await assertAnswered(second.container, '10.240.0.1');
      await first.container.del({ config: networkConfig({ name: 'first' }) });
      await assertAnswered(second.container, '10.240.0.1');
      await second.container.del();
    });
  }
});

interface Attached {
  readonly container: Container;
  readonly address: string;
  readonly result: AddResult;
}

async function attach(vm: Vm, name: string, config: ReturnType<typeof networkConfig>): Promise<Attached> {
  const container = await Container.create(vm, name, { config });
  const result = await container.add();
  return { container, address: addressOf(result), result };
}

function ipam(subnet: string) {
  return { type: 'azure-vnet-ipam', subnet };
}
