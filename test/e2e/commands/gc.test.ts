/** GC: what no valid attachment has is removed, whatever is left of it, and nothing else. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { Container, networkConfig } from '../support/container.ts';
import { FakeIpam } from '../support/fake-ipam.ts';
import { hostVeths } from '../support/kernel.ts';
import { checkOrRenew } from '../support/renew.ts';
import { assertNoLeftovers, files, leases, settled, snapshot } from '../support/state.ts';
import { BIN } from '../support/tool.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const KEY = 'cni.dev/valid-attachments';

describe('GC', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let fake: FakeIpam;
  let live: Container;
  let liveAddress: string;
  let count = 0;
  before(async () => {
    lab = await Lab.create();
    fake = await FakeIpam.create();
    await renew();
  });
  async function renew(): Promise<void> {
    vm = await lab.addVm({ conflist: null, secondaries: 8, cniPath: [fake.directory, BIN, '/usr/lib/cni'] });
    live = await Container.create(vm, 'live');
    liveAddress = await live.addAddress();
  }
  after(async () => {
    fake.remove();
    await assertNothingDropped(lab);
    await lab.close();
  });
  /** The valid one has not noticed; of the others nothing is left. */
  const assertOnlyLive = async () => {
    await assertNoLeftovers(vm, [liveAddress]);
    await assertAnswered(live, '10.240.0.1');
    await assertAnswered(vm, liveAddress);
  };
  afterEach(() => checkOrRenew(assertOnlyLive, renew));

  async function attached(config: JsonObject = networkConfig()): Promise<Container> {
    const container = await Container.create(vm, `c${++count}`, { config });
    await container.add({ env: fake.env });
    return container;
  }

  function valid(...containers: readonly Container[]): JsonObject[] {
    return containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }));
  }

  async function gc(changes: JsonObject, env: Readonly<Record<string, string>> = {}) {
    const config = networkConfig(changes);
    const done = await vm.runPlugin('azure-vnet', { CNI_COMMAND: 'GC', ...env }, JSON.stringify(config));
    return { status: done.status, stdout: done.stdout };
  }

  for (const keys of [[KEY], ['cni.dev/attachments'], [KEY, 'cni.dev/attachments']]) {
    test(`keeps what ${keys.join(' and ')} name and removes the rest`, async () => {
      const [kept, gone] = [await attached(), await attached()];
      const halves = keys.length === 1 ? [valid(live, kept)] : [valid(live), valid(kept)];
      const changes = Object.fromEntries(keys.map((key, i) => [key, halves[i] ?? []]));
      assert.deepEqual(await gc(changes), { status: 0, stdout: '' });
      await settled(vm);
      assert.equal((await hostVeths(vm)).length, 2);
      assert.deepEqual(
        leases(vm)
          .map(({ owner }) => owner)
          .sort(),
        [live, kept].map(({ id }) => `${id}@eth0`).sort(),
      );
      await assertAnswered(kept, '10.240.0.1');
      await kept.del();
      await gone.del();
    });
  }

  const REMAINS: Readonly<Record<string, (container: Container) => Promise<unknown>>> = {
    everything: async () => undefined,
    'a link without a record': async (container) => removeFiles('endpoints', container),
    'a link without a record and without a lease': async (container) => {
      removeFiles('endpoints', container);
      removeFiles('ipam/leases', container);
    },
    'a lease': async (container) => {
      const keep = files(vm, 'ipam/leases').find((file) => file.includes(container.id)) ?? '';
      const lease = vm.path(`/run/azure-vnet/${keep}`);
      await vm.mustExec(['cp', '-a', `/run/azure-vnet/${keep}`, '/run/kept']);
      await container.del();
      await settled(vm);
      await vm.mustExec(['cp', '-a', '/run/kept', `/run/azure-vnet/${keep}`]);
      return lease;
    },
    'an element and a neighbour': async (container) => {
      await container.del();
      await settled(vm);
      const element = 'element bridge azure-vnet';
      await vm.mustExec(['nft', '-f', '-'], {
        stdin: `add ${element} pod_macs { 10.240.0.9 : 02:0d:0a:f0:00:09 }\nadd ${element} local_ips { 10.240.0.9 }\n`,
      });
      const neighbour = ['10.240.0.9', 'lladdr', '02:0d:0a:f0:00:09', 'dev', 'azure0', 'nud', 'permanent'];
      await vm.mustExec(['ip', 'neigh', 'add', ...neighbour]);
    },
    'a record without a link': (container) => container.mustExec(['ip', 'link', 'delete', 'eth0']),
    'a pod whose namespace is gone': (container) => container.removeNetns(),
  };
  for (const [what, prepare] of Object.entries(REMAINS)) {
    test(`removes ${what} of a container that is not valid`, async () => {
      await prepare(await attached());
      assert.deepEqual(await gc({ [KEY]: valid(live) }), { status: 0, stdout: '' });
    });
  }

  test('of another network removes nothing of this one', async () => {
    const before = await snapshot(vm);
    assert.deepEqual(await gc({ name: 'another', [KEY]: [] }), { status: 0, stdout: '' });
    assert.deepEqual(await snapshot(vm), before);
  });

  test('with a malformed list removes nothing and says what is wrong', async () => {
    const before = await snapshot(vm);
    const { status, stdout } = await gc({ [KEY]: [{ containerID: live.id }] });
    assert.equal(status, 1);
    assert.equal(JSON.parse(stdout).code, 7);
    assert.deepEqual(await snapshot(vm), before);
  });

  test('is passed on to a third-party IPAM, with the attachments', async () => {
    const ipam = { type: fake.type };
    assert.equal((await gc({ ipam, [KEY]: valid(live) }, fake.env)).status, 0);
    assert.deepEqual(fake.calls(), ['GC']);
  });

  test('goes on after an error of IPAM and reports all of them together', async () => {
    const good = { cniVersion: '1.1.0', ips: [{ address: '10.240.0.9/16', gateway: '10.240.0.1' }] };
    const ipam = { type: fake.type };
    fake.answer('ADD', JSON.stringify(good));
    await attached(networkConfig({ ipam }));
    await attached();
    const refusal = (msg: string) => JSON.stringify({ cniVersion: '1.1.0', code: 117, msg });
    fake.answer('DEL', refusal('no DEL today'), 1);
    fake.answer('GC', refusal('no GC today'), 1);
    const { status, stdout } = await gc({ ipam, [KEY]: valid(live) }, fake.env);
    assert.equal(status, 1);
    assert.match(
      JSON.parse(stdout).msg,
      /^GC could not remove everything, 2 failed: .*no DEL.*; .*no GC today/,
    );
    assert.equal((await hostVeths(vm)).length <= 2, true, 'the other one is removed all the same');
    for (const command of ['ADD', 'DEL', 'GC']) fake.answer(command, undefined);
    assert.equal((await gc({ ipam, [KEY]: valid(live) }, fake.env)).status, 0);
    assert.equal((await gc({ [KEY]: valid(live) })).status, 0);
  });

  function removeFiles(directory: string, container: Container): void {
    for (const file of files(vm, directory).filter((name) => name.includes(container.id))) {
      rmSync(vm.path(`/run/azure-vnet/${file}`));
    }
  }
});
