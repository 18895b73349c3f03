/** A call that is killed at any point: the next calls find the state before or after it, nothing else. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { Killed } from '../../support/fake-sys.ts';
import { eth0, FakeVm, range } from './fake-vm.ts';

const ADDRESSES = range('10.240.0.5', 4);

/** Runs `scenario` with a call that is killed at its first, second, … call of the system, until none is left. */
function killedEverywhere(
  prepare: (vm: FakeVm) => void,
  call: (vm: FakeVm, killAt: number) => unknown,
  afterwards: (vm: FakeVm, killAt: number) => void,
): number {
  for (let killAt = 1; ; killAt++) {
    const vm = new FakeVm(eth0(ADDRESSES));
    prepare(vm);
    let killed = false;
    try {
      call(vm, killAt);
    } catch (error) {
      assert.ok(error instanceof Killed, String(error));
      killed = true;
    }
    afterwards(vm, killAt);
    if (!killed) return killAt;
    assert.ok(killAt < 200);
  }
}

function leases(vm: FakeVm): string[] {
  return vm.world.list(LEASES_DIR).filter((name) => /^\d/.test(name));
}

/** Fills the pool with other containers: what was lost or given twice would show. */
function fill(vm: FakeVm, killAt: number): void {
  const before = new Set(leases(vm).map((name) => name.split('@')[0]));
  for (let i = before.size; i < ADDRESSES.length; i++) {
    const given = vm.add(`other${i}`);
    assert.ok(typeof given === 'string', `killed at ${killAt}: ${JSON.stringify(given)}`);
    assert.ok(!before.has(given), `killed at ${killAt}: ${given} is given twice`);
    before.add(given);
  }
  assert.equal(typeof vm.add('one too many'), 'object');
}

function nothingLeftOver(vm: FakeVm, killAt: number): void {
  const names = vm.world.list(LEASES_DIR);
  const addresses = names.map((name) => (name.startsWith('~') ? name.split('@')[1] : name.split('@')[0]));
  assert.equal(new Set(addresses).size, addresses.length, `killed at ${killAt}: ${names}`);
}

const fresh = (vm: FakeVm) => {
  vm.add('c1');
  vm.add('c2');
};

/** One address is free, and it has been used before. */
const reused = (vm: FakeVm) => {
  for (const container of ['c1', 'c2', 'c3', 'c4']) vm.add(container);
  vm.run('DEL', 'c3');
};

for (const [what, prepare] of [
  ['of the first address ever', () => {}],
  ['of an unused address', fresh],
  ['of an address that was used before', reused],
] as const) {
  test(`ADD ${what}, killed anywhere: DEL leaves nothing, the pool is whole`, () => {
    const calls = killedEverywhere(
      prepare,
      (vm, killAt) => vm.add('x', { process: { killAt } }),
      (vm, killAt) => {
        assert.equal(vm.run('DEL', 'x'), undefined);
        assert.deepEqual(
          leases(vm).filter((name) => name.includes('@x@')),
          [],
        );
        fill(vm, killAt);
        nothingLeftOver(vm, killAt);
      },
    );
    assert.ok(calls > 10);
  });

  test(`ADD ${what}, killed anywhere: ADD again gives one address, and no other container gets it`, () => {
    killedEverywhere(
      prepare,
      (vm, killAt) => vm.add('x', { process: { killAt } }),
      (vm, killAt) => {
        const given = vm.add('x');
        assert.equal(typeof given, 'string');
        assert.equal(leases(vm).filter((name) => name.includes('@x@')).length, 1);
        fill(vm, killAt);
        assert.equal(vm.add('x'), given);
        nothingLeftOver(vm, killAt);
      },
    );
  });
}

test('DEL, killed anywhere: DEL again gives the address back, once', () => {
  const calls = killedEverywhere(
    fresh,
    (vm, killAt) => vm.run('DEL', 'c1', { process: { killAt } }),
    (vm, killAt) => {
      assert.equal(vm.run('DEL', 'c1'), undefined);
      assert.deepEqual(leases(vm), ['10.240.0.6@c2@eth0']);
      fill(vm, killAt);
      nothingLeftOver(vm, killAt);
    },
  );
  assert.ok(calls > 5);
});

test('DEL, killed anywhere, and no DEL again: GC gives the address back', () => {
  killedEverywhere(
    fresh,
    (vm, killAt) => vm.run('DEL', 'c1', { process: { killAt } }),
    (vm, killAt) => {
      const valid = [{ containerId: 'c2', ifname: 'eth0' }];
      assert.equal(vm.run('GC', '', { valid }), undefined);
      assert.deepEqual(leases(vm), ['10.240.0.6@c2@eth0']);
      fill(vm, killAt);
    },
  );
});

test('ADD that the disk refuses anywhere takes nothing or is complete', () => {
  for (const errno of ['ENOSPC', 'EIO', 'EMFILE']) {
    for (let failAt = 1, done = false; !done; failAt++) {
      const vm = new FakeVm(eth0(ADDRESSES));
      reused(vm);
      let hit = false;
      const fault = ({ name, number }: { name: string; number: number }) => {
        if (
          number !== failAt ||
          !['open', 'read', 'write', 'fsync', 'rename', 'readdir', 'unlink'].includes(name)
        ) {
          return undefined;
        }
        hit = true;
        return errno;
      };
      const given = vm.add('x', { process: { fault } });
      done = failAt > vm.process.calls;
      assert.equal(vm.process.openDescriptors, 0);
      if (typeof given === 'object') assert.ok(hit, given.message);
      assert.equal(vm.run('DEL', 'x'), undefined);
      fill(vm, failAt);
    }
  }
});
