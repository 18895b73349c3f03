/** DEL: idempotent, needs next to nothing, frees exactly what belongs to the attachment. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { Machine } from './crash/machine.ts';
import { Container, networkConfig } from './support/container.ts';
import { hostVeths, neighbours } from './support/kernel.ts';
import { checkOrRenew } from './support/renew.ts';
import { assertNoLeftovers, files, lastLog, leases, settled, snapshot } from './support/state.ts';
import { assertAnswered, assertNothingDropped, assertSilent } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('DEL', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let count = 0;
  let bystander: Container;
  let bystanderAddress: string;

  before(async () => {
    lab = await Lab.create();
    await renew();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  async function renew(): Promise<void> {
    vm = await lab.addVm({ conflist: null, secondaries: 6 });
  }

  /** One attached container beside another one, which must not notice. */
  async function attached(changes: Parameters<Container['add']>[0] = {}): Promise<Container> {
    bystander = await Container.create(vm, `bystander${++count}`);
    bystanderAddress = await bystander.addAddress();
    const container = await Container.create(vm, `c${count}`);
    await container.add(changes);
    return container;
  }

  /** The other container still works; without it nothing is left. */
  const assertOnlyBystander = async () => {
    await assertAnswered(vm, bystanderAddress);
    await assertAnswered(bystander, '10.240.0.1');
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [bystanderAddress],
    );
    await bystander.del();
    await assertNoLeftovers(vm);
  };
  afterEach(() => checkOrRenew(assertOnlyBystander, renew));

  const variants: Record<string, { env?: Record<string, string>; prepare?: (it: Container) => unknown }> = {
    'with the namespace': {},
    'with an empty CNI_NETNS': { env: { CNI_NETNS: '' } },
    'with a namespace whose path has vanished': { prepare: (container) => container.removeNetns() },
    'with a path that never was': { env: { CNI_NETNS: '/run/netns/never' } },
    'with a path that is a plain file': {
      env: { CNI_NETNS: '/run/plain' },
      prepare: () => writeFileSync(vm.path('/run/plain'), 'not a namespace'),
    },
    'with empty CNI_ARGS': { env: { CNI_ARGS: '' } },
    'with malformed CNI_ARGS': { env: { CNI_ARGS: 'IP=nonsense;FOO' } },
    'without the record of the network': {
      prepare: () => rmSync(vm.path('/run/azure-vnet/networks'), { recursive: true }),
    },
    'without the record of the endpoint': { prepare: (container) => removeRecord(container) },
    'without any record': {
      prepare: (container) => {
        removeRecord(container);
        rmSync(vm.path('/run/azure-vnet/networks'), { recursive: true });
      },
    },
    'without record and without namespace': {
      prepare: async (container) => {
        removeRecord(container);
        await container.removeNetns();
      },
      env: { CNI_NETNS: '' },
    },
    'with the host veth gone': {
      prepare: (container) => container.mustExec(['ip', 'link', 'delete', 'eth0']),
    },
    'with the host veth and every record gone': {
      prepare: async (container) => {
        await container.mustExec(['ip', 'link', 'delete', 'eth0']);
        removeRecord(container);
        rmSync(vm.path('/run/azure-vnet/networks'), { recursive: true });
      },
    },
  };
  for (const [name, { env, prepare }] of Object.entries(variants)) {
    test(`${name} removes everything`, async () => {
      const container = await attached();
      await prepare?.(container);
      await container.del(env === undefined ? {} : { env });
      await settled(vm);
      assert.equal((await hostVeths(vm)).length, 1, 'only the other container has a host veth');
    });
  }

  test('twice, and for a container that never was, is fine', async () => {
    const container = await attached();
    await container.del();
    await container.del();
    await (await Container.create(vm, 'never')).del();
  });

  test('of one interface leaves the other of the same container', async () => {
    const container = await attached();
    const second = await container.addAddress({ env: { CNI_IFNAME: 'net1' } });
    assert.equal(leases(vm).length, 3);
    await container.del();
    assert.deepEqual(
      leases(vm)
        .map(({ address }) => address)
        .sort(),
      [bystanderAddress, second].sort(),
    );
    // Not left to a child: as long as it is there, the container sends through it, to nowhere.
    assert.deepEqual(await interfaces(container), ['lo', 'net1']);
    await assertAnswered(vm, second);
    await container.del({ env: { CNI_IFNAME: 'net1' } });
  });

  test('of another network with the same container and interface frees nothing of this one', async () => {
    const container = await attached();
    const before = await snapshot(vm);
    await container.del({ config: networkConfig({ name: 'another' }) });
    assert.deepEqual(await snapshot(vm), before);
    await container.del();
  });

  test('is done with the element and the neighbour when it returns, and soon with the interface', async () => {
    for (let round = 1; round <= 5; round++) {
      const container = await Container.create(vm, `gone${round}`);
      const address = await container.addAddress();
      await assertAnswered(vm, address);
      await container.del();
      assert.equal(
        (await neighbours(vm)).some(({ dst }) => dst === address),
        false,
      );
      await assertSilent(vm, address);
      await settled(vm);
      const inside = await container.exec(['ip', 'link', 'show', 'dev', 'eth0']);
      assert.match(inside.stderr, /does not exist/, 'gone from the namespace');
      await container.removeNetns();
    }
    await attached().then((container) => container.del());
  });

  test('stops the port first: what the pod sends goes nowhere while its link is still there', async () => {
    const machine = await Machine.create(lab, ['pod'], { killPoints: true });
    const address = await machine.add('pod');
    await assertAnswered(machine.container('pod'), '10.240.0.1');
    const isNeighbour = async () => (await neighbours(machine.vm)).some(({ dst }) => dst === address);
    // Killed right after the step that takes port and neighbour away; who removes the link comes later.
    for (let killAt = 1; await isNeighbour(); killAt++) await machine.call('DEL', 'pod', { killAt });
    const [veth] = await hostVeths(machine.vm);
    assert.equal(veth?.linkinfo?.info_slave_data?.state, 'disabled');
    await assertSilent(machine.container('pod'), '10.240.0.1');
    await machine.del('pod');
    await assertNoLeftovers(machine.vm);
    await attached().then((container) => container.del());
  });

  test('works with a configuration that ADD would refuse', async () => {
    const container = await attached();
    const config = networkConfig({ mode: 'tunnel', bridge: 5, ipsToRouteViaHost: 'x' });
    await container.del({ config });
  });

  test('works while the wireserver is down, and asks it nothing', async () => {
    const container = await attached();
    const asked = lab.wireserverRequests().length;
    // One that hangs takes down who asks.
    await lab.setWireserver('hang');
    const { status } = await container.call('DEL');
    await lab.setWireserver('ok');
    assert.equal(status, 0);
    assert.equal(lab.wireserverRequests().length, asked);
  });

  test('is one line in the log', async () => {
    const container = await attached();
    await container.del();
    const { command, container: id, result } = lastLog(vm);
    assert.deepEqual({ command, id, result }, { command: 'DEL', id: container.id, result: 'ok' });
  });

  async function interfaces(container: Container): Promise<string[]> {
    const links = JSON.parse(await container.mustExec(['ip', '-j', 'link', 'show'])) as { ifname: string }[];
    return links.map(({ ifname }) => ifname).sort();
  }

  function removeRecord(container: Container): void {
    const [file, ...more] = files(vm, 'endpoints').filter((name) => name.includes(container.id));
    assert.ok(file !== undefined && more.length === 0, 'one record');
    rmSync(vm.path(`/run/azure-vnet/${file}`));
  }
});
