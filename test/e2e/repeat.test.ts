/** ADD again: what an earlier call has made stays, and what it has left is no obstacle. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { addressOf, Container, networkConfig } from './support/container.ts';
import { elements, hostVeths, ipv4, link, settledIpv6 } from './support/kernel.ts';
import { checkOrRenew } from './support/renew.ts';
import { assertNoLeftovers, leases, logLines, snapshot } from './support/state.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('ADD again', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    await renew();
  });
  const renew = async () => {
    vm = await lab.addVm({ conflist: null, secondaries: 8 });
  };
  afterEach(() => checkOrRenew(() => assertNoLeftovers(vm), renew));
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('gives the same result and changes nothing', async () => {
    const container = await Container.create(vm, 'again');
    const result = await container.add();
    await settledIpv6(container, 'eth0');
    const before = await snapshot(vm);
    const inside = await container.mustExec(['ip', '-j', 'addr']);
    for (let round = 1; round <= 3; round++) assert.deepEqual(await container.add(), result);
    assert.deepEqual(await snapshot(vm), before);
    assert.equal(await container.mustExec(['ip', '-j', 'addr']), inside);
    await assertAnswered(container, '10.240.0.1');
    // The original freed the address here, and the next container got it, too.
    const next = await Container.create(vm, 'next');
    assert.notEqual(await next.addAddress(), addressOf(result));
    await next.del();
    await assertAnswered(vm, addressOf(result));
    await container.del();
  });

  test('gives the result in the version that is asked for', async () => {
    const container = await Container.create(vm, 'versions');
    const newest = await container.add();
    const older = await container.add({ config: networkConfig({ cniVersion: '0.4.0' }) });
    assert.equal(older.cniVersion, '0.4.0');
    assert.deepEqual(older.ips[0]?.address, newest.ips[0]?.address);
    assert.deepEqual(
      older.interfaces,
      newest.interfaces.map(({ mtu, ...rest }) => rest),
    );
    await container.del();
  });

  test('with another interface name gives another address, and both work', async () => {
    const container = await Container.create(vm, 'second');
    const first = await container.addAddress();
    const second = await container.addAddress({ env: { CNI_IFNAME: 'net1' } });
    assert.notEqual(first, second);
    assert.deepEqual(
      [await ipv4(container, 'eth0'), await ipv4(container, 'net1')],
      [[`${first}/16`], [`${second}/16`]],
    );
    for (const address of [first, second]) {
      await assertAnswered(vm, address);
      await assertAnswered(lab.fabric, address);
    }
    await assertAnswered(container, '10.240.0.1');
    await container.del({ env: { CNI_IFNAME: 'net1' } });
    await container.del();
  });

  test('for containers whose ids share 8 characters, or have fewer, keeps them apart', async () => {
    const ids = ['abcdef0123456789', 'abcdef0123456780', 'abcdef01', 'abc', 'a', 'b'];
    const containers = await Promise.all(ids.map((id, i) => Container.create(vm, `short${i}`, { id })));
    const addresses: string[] = [];
    for (const container of containers) addresses.push(await container.addAddress());
    assert.equal(new Set(addresses).size, ids.length);
    assert.equal((await hostVeths(vm)).length, ids.length);
    for (const address of addresses) await assertAnswered(vm, address);
    await containers[1]?.del();
    assert.deepEqual(
      leases(vm)
        .map(({ owner }) => owner.replace('@eth0', ''))
        .sort(),
      ids.filter((_, i) => i !== 1).sort(),
    );
    await assertAnswered(vm, addresses[0] ?? '');
    for (const container of containers) await container.del();
  });

  test('in a new namespace of the same container connects that one', async () => {
    const container = await Container.create(vm, 'renewed');
    const first = await container.addAddress();
    await container.renewNetns();
    const second = await container.addAddress();
    assert.deepEqual(await ipv4(container, 'eth0'), [`${second}/16`]);
    await assertAnswered(vm, second);
    await assertAnswered(container, '10.240.0.1');
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [second],
    );
    assert.deepEqual((await elements(vm))?.podMacs, [second]);
    assert.equal((await hostVeths(vm)).length, 1, `${first} has no host veth any more`);
    await container.del();
  });

  test('in another namespace, while the old one lives, moves the container there', async () => {
    const container = await Container.create(vm, 'old', { id: 'moved' });
    await container.add();
    const moved = await Container.create(vm, 'new', { id: 'moved' });
    const address = await moved.addAddress();
    await assertAnswered(vm, address);
    assert.equal((await hostVeths(vm)).length, 1);
    assert.match((await container.exec(['ip', 'link', 'show', 'eth0'])).stderr, /does not exist/);
    await moved.del();
  });

  test('makes an endpoint anew whose host veth somebody deleted', async () => {
    const container = await Container.create(vm, 'repaired');
    await container.add();
    const [veth] = await hostVeths(vm);
    await vm.mustExec(['ip', 'link', 'delete', veth?.ifname ?? '']);
    const address = await container.addAddress();
    assert.equal((await link(container, 'eth0')).flags.includes('UP'), true);
    await assertAnswered(vm, address);
    assert.equal(leases(vm).length, 1);
    await container.del();
  });

  test('at once after DEL works, while the old link is still being removed', async () => {
    const container = await Container.create(vm, 'quick');
    for (let round = 1; round <= 5; round++) {
      const address = await container.addAddress();
      await assertAnswered(vm, address);
      await container.del();
    }
    const errors = logLines(vm).flatMap(({ notes }) => notes.filter((note) => note.startsWith('error')));
    assert.deepEqual(errors, []);
  });

  test('of another container in the same namespace, at once after DEL, waits for the old link', async () => {
    const first = await Container.create(vm, 'shared');
    for (let round = 1; round <= 5; round++) {
      await first.add();
      await first.del();
      const env = { CNI_CONTAINERID: `successor${round}` };
      const address = await first.addAddress({ env });
      await assertAnswered(vm, address);
      await assertAnswered(first, '10.240.0.1');
      await first.del({ env });
    }
    await assertNoLeftovers(vm);
  });

  test('of another network for an interface that is taken fails and frees nothing', async () => {
    const container = await Container.create(vm, 'clash');
    const address = await container.addAddress();
    const before = await snapshot(vm);
    const error = await container.refused('ADD', { config: networkConfig({ name: 'another' }) });
    assert.match(error.msg, /interface eth0 already exists in \/run\/netns\/clash/);
    const { records, ...rest } = await snapshot(vm);
    assert.deepEqual({ ...rest, records: records.filter(([file]) => file !== 'networks/another') }, before);
    await assertAnswered(vm, address);
    await container.del();
  });
});
