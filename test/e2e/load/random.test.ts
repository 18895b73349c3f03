/**
 * Random calls of the executable, several at a time, against a model: each worker has containers of its own, so it
 * knows what each call must answer, and all together know who has which address.
 *
 * RANDOM_CALLS=10000 makes more of them, FUZZ_SEED=<number> others.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { Random, SEED } from '../../fuzz/support/random.ts';
import { type AddResult, addressOf, Container, networkConfig } from '../support/container.ts';
import { elements, hostVeths } from '../support/kernel.ts';
import { assertNoLeftovers, files, leases, logLines, settled } from '../support/state.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const CALLS = Number(process.env.RANDOM_CALLS ?? 1000);
const WORKERS = 6;
const CONTAINERS_EACH = 3;
/** Fewer than containers, so that the pool runs dry now and then. */
const ADDRESSES = 14;
const POOL_EXHAUSTED = 11;
const SUITE_TIMEOUT_MS = CALLS * 200;

describe(`${CALLS} random calls, ${WORKERS} at a time (FUZZ_SEED=${SEED})`, { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let containers: Container[];
  /** Who has which address, and the result of its ADD. */
  const attached = new Map<Container, AddResult>();
  /** ADDs that are under way, each of which may have an address already. */
  let adding = 0;

  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: ADDRESSES });
    const names = Array.from({ length: WORKERS * CONTAINERS_EACH }, (_, i) => `c${i}`);
    containers = await Promise.all(names.map((name) => Container.create(vm, name)));
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('no address is given twice, none is lost, every answer is one document or none', {
    timeout: SUITE_TIMEOUT_MS,
  }, async () => {
    const work = async (worker: number) => {
      const random = Random.ofCase(SEED, worker);
      const own = containers.filter((_, i) => i % WORKERS === worker);
      for (let i = 0; i < CALLS / WORKERS; i++) await step(random, random.pick(own));
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
    await assertAsModelled();
    for (const container of attached.keys()) await assertAnswered(container, '10.240.0.1');
  });

  test('afterwards every DEL leaves nothing, and no call was surprised', async () => {
    for (const container of containers) await container.del();
    await assertNoLeftovers(vm);
    assert.deepEqual(files(vm, 'quarantine'), []);
    const errors = logLines(vm).flatMap(({ error }) => error ?? []);
    assert.deepEqual(
      errors.filter(
        (text) => !/No available addresses|CHECK found a difference|CHECK needs prevResult/.test(text),
      ),
      [],
    );
  });

  /** One call; what it answers must be what the model says. */
  async function step(random: Random, container: Container): Promise<void> {
    const before = attached.get(container);
    switch (random.weighted({ add: 8, del: 6, check: 3, gc: 1, status: 1, version: 1 })) {
      case 'add':
        return add(container, before);
      case 'del':
        // The address may be another's before DEL has returned.
        attached.delete(container);
        return container.del();
      case 'check': {
        const prevResult = before && (JSON.parse(JSON.stringify(before)) as JsonObject);
        const config = networkConfig(prevResult && { prevResult });
        const { status, stdout } = await container.call('CHECK', { config });
        return assert.equal(status, before === undefined ? 1 : 0, `CHECK of ${container.name}: ${stdout}`);
      }
      case 'gc': {
        const valid = containers.map(({ id }) => ({ containerID: id, ifname: 'eth0' }));
        const config = networkConfig({ 'cni.dev/valid-attachments': valid });
        const { status, stdout } = await container.call('GC', { config });
        return assert.deepEqual([status, stdout], [0, '']);
      }
      case 'status': {
        const { status, stdout } = await container.call('STATUS');
        return assert.ok(status === 0 ? stdout === '' : JSON.parse(stdout).code === 50, stdout);
      }
      default: {
        const { status, stdout } = await container.call('VERSION');
        assert.equal(status, 0);
        assert.ok(JSON.parse(stdout).supportedVersions.length > 5);
      }
    }
  }

  async function add(container: Container, before: AddResult | undefined): Promise<void> {
    adding++;
    try {
      const { status, stdout } = await container.call('ADD');
      if (status !== 0) {
        assert.equal(JSON.parse(stdout).code, POOL_EXHAUSTED, stdout);
        assert.equal(before, undefined, 'an attachment that stands is answered again');
        return;
      }
      const result = JSON.parse(stdout) as AddResult;
      if (before !== undefined) assert.equal(addressOf(result), addressOf(before));
      for (const [other, { ips }] of attached) {
        if (other === container) continue;
        assert.notEqual(
          ips[0]?.address,
          result.ips[0]?.address,
          `${container.name} has that of ${other.name}`,
        );
      }
      attached.set(container, result);
    } finally {
      adding--;
    }
  }

  /** Leases, records, links and elements are those of the model. */
  async function assertAsModelled(): Promise<void> {
    assert.equal(adding, 0);
    await settled(vm);
    const wanted = [...attached].map(([{ id }, result]) => ({
      address: addressOf(result),
      owner: `${id}@eth0`,
    }));
    const byAddress = (list: readonly { address: string }[]) =>
      [...list].sort((a, b) => (a.address < b.address ? -1 : 1));
    assert.deepEqual(byAddress(leases(vm)), byAddress(wanted));
    assert.equal(files(vm, 'endpoints').length, wanted.length);
    assert.equal((await hostVeths(vm)).length, wanted.length);
    assert.deepEqual((await elements(vm))?.podMacs, wanted.map(({ address }) => address).sort());
  }
});
