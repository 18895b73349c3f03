/**
 * Random histories of a VM against a model of a few lines: which address each call gives, who holds what
 * afterwards. The model knows nothing of files, only of a set, a map and a clock.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { eth0, FakeVm, range } from './fake-vm.ts';

const ADDRESSES = range('10.240.0.5', 4);
const QUERY_INTERVAL_MS = 10_000;
const EARLY_MS = 1000;
const FORGET_AFTER_MS = 60 * 60 * 1000;

class Model {
  /** Attachment → address. */
  readonly leased = new Map<string, string>();
  /** Address → when it was released. */
  readonly released = new Map<string, number>();
  /** What the source names now, and what the plugin has last seen of it. */
  source: readonly string[] = ADDRESSES;
  seen: readonly string[] = [];
  seenMs = Number.NEGATIVE_INFINITY;
  onHost: readonly string[] = [];

  add(key: string, wanted: string | undefined, nowMs: number): string | undefined {
    const isNew = nowMs - this.seenMs >= QUERY_INTERVAL_MS;
    if (isNew) this.#look(nowMs);
    const first = this.#allocate(key, wanted);
    if (isNew) this.#forget(nowMs);
    if (first !== undefined || isNew || nowMs - this.seenMs < EARLY_MS) return first;
    this.#look(nowMs);
    const second = this.#allocate(key, wanted);
    this.#forget(nowMs);
    return second;
  }

  del(key: string, nowMs: number): void {
    const address = this.leased.get(key);
    if (address === undefined) return;
    this.leased.delete(key);
    this.released.set(address, nowMs);
  }

  #look(nowMs: number): void {
    this.seen = this.source;
    this.seenMs = nowMs;
  }

  #allocate(key: string, wanted: string | undefined): string | undefined {
    const held = this.leased.get(key);
    if (held !== undefined) return wanted === undefined || wanted === held ? held : undefined;
    const taken = new Set([...this.leased.values(), ...this.onHost]);
    const free = this.seen.filter((address) => !taken.has(address));
    const order = (address: string) => this.released.get(address) ?? 0;
    // Array.sort is stable and the addresses ascend.
    const [next] = free.sort((a, b) => order(a) - order(b));
    const address = wanted === undefined ? next : free.find((candidate) => candidate === wanted);
    if (address === undefined) return undefined;
    this.leased.set(key, address);
    this.released.delete(address);
    return address;
  }

  #forget(nowMs: number): void {
    for (const [address, sinceMs] of this.released) {
      if (!this.seen.includes(address) && sinceMs < nowMs - FORGET_AFTER_MS) this.released.delete(address);
    }
  }
}

const CONTAINERS = ['c1', 'c2', 'c3', 'c4', 'c5'];
const container = fc.constantFrom(...CONTAINERS);
const ifname = fc.constantFrom('eth0', 'net1');
const some = fc.subarray(ADDRESSES, { minLength: 2 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('add'), container, ifname) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('del'), container, ifname) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('request'), container, fc.constantFrom(...ADDRESSES)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant('wait'), fc.constantFrom(1, 900, 1000, 9000, 31_000, 3_700_000)),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('source'), some) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('host'), fc.subarray(ADDRESSES, { maxLength: 2 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('gc'), fc.subarray(CONTAINERS)),
  },
);

function play(vm: FakeVm, model: Model, [what, ...values]: readonly unknown[]): void {
  const [nic] = vm.nics;
  assert.ok(nic);
  const [first, second] = values as [string, string];
  switch (what) {
    case 'add': {
      const given = vm.add(first, { ifname: second });
      assert.equal(
        typeof given === 'string' ? given : undefined,
        model.add(`${first}/${second}`, undefined, vm.world.nowMs),
      );
      break;
    }
    case 'request': {
      const given = vm.add(first, { ipam: { ipAddress: second } });
      assert.equal(
        typeof given === 'string' ? given : undefined,
        model.add(`${first}/eth0`, second, vm.world.nowMs),
      );
      break;
    }
    case 'del':
      assert.equal(vm.run('DEL', first, { ifname: second }), undefined);
      model.del(`${first}/${second}`, vm.world.nowMs);
      break;
    case 'gc': {
      const valid = (values[0] as string[]).map((containerId) => ({ containerId, ifname: 'eth0' }));
      assert.equal(vm.run('GC', '', { valid }), undefined);
      const keep = new Set(valid.map(({ containerId }) => `${containerId}/eth0`));
      for (const key of [...model.leased.keys()]) if (!keep.has(key)) model.del(key, vm.world.nowMs);
      break;
    }
    case 'wait':
      vm.world.nowMs += values[0] as number;
      break;
    case 'source':
      nic.secondaries = values[0] as string[];
      model.source = values[0] as string[];
      break;
    case 'host':
      nic.onHost = values[0] as string[];
      model.onHost = values[0] as string[];
      break;
  }
}

/** Who holds what, according to the files. */
function leasesOf(vm: FakeVm): Map<string, string> {
  const names = vm.world.list(LEASES_DIR).filter((name) => !name.startsWith('~'));
  return new Map(
    names.map((name) => {
      const [address = '', containerId, interfaceName] = name.split('@');
      return [`${containerId}/${interfaceName}`, address];
    }),
  );
}

test('azure-vnet-ipam behaves like its model in every history', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const vm = new FakeVm(eth0(ADDRESSES));
      const model = new Model();
      for (const one of steps) {
        play(vm, model, one);
        const leases = leasesOf(vm);
        const sorted = (map: Map<string, string>) => [...map].sort();
        assert.deepEqual(sorted(leases), sorted(model.leased));
        assert.equal(new Set(leases.values()).size, leases.size, 'no address twice');
        for (const address of leases.values())
          assert.ok(ADDRESSES.includes(address), 'none outside the pool');
      }
    }),
    { numRuns: 300 },
  );
});
