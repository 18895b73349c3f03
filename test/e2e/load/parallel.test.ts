/** Many calls at the same time, as a node has them that starts with all of its pods. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { type AddResult, addressOf, type Called, Container, networkConfig } from '../support/container.ts';
import { ipv4, links, routes } from '../support/kernel.ts';
import { assertMeasured } from '../support/measured.ts';
import { assertNoLeftovers, files, leases } from '../support/state.ts';
import { assertAnswered, assertNothingDropped, lost, pingsEvery5Ms } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const AT_ONCE = 64;
const PING_COUNT = 400;

describe('Calls at the same time', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('64 first ADDs make one network; 64 DELs leave nothing; the node loses no ping', () =>
    assertMeasured(() => firstBurst()));

  /** What is wrong with the pings. */
  async function firstBurst(): Promise<string[]> {
    const vm = await lab.addVm({ conflist: null, secondaries: AT_ONCE + 1 });
    const { primary, secondaries } = vm.nic();
    const containers = await createContainers(vm, AT_ONCE);
    const before = await routes(vm);
    await Promise.all([assertAnswered(vm, '10.240.0.1'), assertAnswered(lab.fabric, primary)]);
    const pings = Promise.all([
      pingsEvery5Ms(vm, '10.240.0.1', PING_COUNT),
      pingsEvery5Ms(lab.fabric, primary, PING_COUNT),
    ]);
    await sleep(100);

    const results = (await Promise.all(containers.map((it) => it.call('ADD')))).map(resultOf);
    const given = results.map(addressOf);
    assert.equal(new Set(given).size, AT_ONCE, 'no address is given twice');
    assert.deepEqual(
      given.filter((address) => !secondaries.includes(address)),
      [],
    );
    assert.deepEqual(
      leases(vm)
        .map(({ address }) => address)
        .sort(),
      [...given].sort(),
    );
    assert.deepEqual(await bridges(vm), ['azure0']);
    await Promise.all(given.map((address) => assertAnswered(lab.fabric, address)));
    const checks = await Promise.all(
      containers.map((it, i) => it.call('CHECK', { config: withPrevious(results[i]) })),
    );
    assert.deepEqual(checks.map(summary), Array(AT_ONCE).fill('0 '));

    const deletions = await Promise.all(containers.map((it) => it.call('DEL')));
    assert.deepEqual(deletions.map(summary), Array(AT_ONCE).fill('0 '));
    await assertNoLeftovers(vm);
    assert.deepEqual(await ipv4(vm, 'azure0'), [`${primary}/16`]);
    assert.deepEqual(await ipv4(vm, 'eth0'), []);
    const onBridge = before.map((route) => (route.dev === 'eth0' ? { ...route, dev: 'azure0' } : route));
    assert.deepEqual(sorted(await routes(vm)), sorted(onBridge));
    const [outwards, inwards] = await pings;
    // What comes in the 70 µs in which the NIC becomes a port of the bridge is dropped by the kernel.
    return [...lost('outwards', outwards, PING_COUNT), ...lost('inwards', inwards, PING_COUNT, 1)];
  }

  test('ADD, CHECK, repeated ADD, DEL and GC do not disturb each other', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 12 });
    const containers = await createContainers(vm, 12);
    const used = new Map<string, string>();
    const rounds = containers.map(async (container, i) => {
      for (let round = 0; round < 6; round++) {
        const result = resultOf(await container.call('ADD'));
        const address = addressOf(result);
        assert.equal(used.get(address), undefined, `${address} belongs to ${used.get(address)}`);
        used.set(address, container.name);
        if ((round + i) % 3 === 0) assert.equal(addressOf(resultOf(await container.call('ADD'))), address);
        const config = withPrevious(result);
        assert.equal(summary(await container.call('CHECK', { config })), '0 ');
        used.delete(address);
        assert.equal(summary(await container.call('DEL')), '0 ');
      }
    });
    let isOver = false;
    const collector = (async () => {
      const valid = containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }));
      const config = networkConfig({ 'cni.dev/valid-attachments': valid });
      let count = 0;
      for (; !isOver; count++) {
        const done = await vm.runPlugin('azure-vnet', { CNI_COMMAND: 'GC' }, JSON.stringify(config));
        assert.equal(`${done.status} ${done.stdout}`, '0 ');
      }
      return count;
    })();
    try {
      await Promise.all(rounds);
    } finally {
      isOver = true;
    }
    assert.ok((await collector) > 0, 'GC ran meanwhile');
    await assertNoLeftovers(vm);
    assert.deepEqual(files(vm, 'quarantine'), []);
  });
});

function createContainers(vm: Vm, count: number): Promise<Container[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => Container.create(vm, `c${i}`)));
}

function resultOf({ status, stdout }: Called): AddResult {
  assert.equal(status, 0, stdout);
  return JSON.parse(stdout) as AddResult;
}

function withPrevious(result: AddResult | undefined): JsonObject {
  return networkConfig({ prevResult: JSON.parse(JSON.stringify(result)) as JsonObject });
}

function summary({ status, stdout }: Called): string {
  return `${status} ${stdout}`;
}

async function bridges(vm: Vm): Promise<string[]> {
  return (await links(vm)).filter((it) => it.linkinfo?.info_kind === 'bridge').map(({ ifname }) => ifname);
}

function sorted(list: readonly object[]): string[] {
  return list.map((item) => JSON.stringify(item)).sort();
}
