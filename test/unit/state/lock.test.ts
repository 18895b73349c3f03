import assert from 'node:assert/strict';
import test from 'node:test';
import { LOCK_TIMEOUT_MS, withLock } from '../../../src/state/lock.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { LOCK_PATH, STATE_ROOT } from '../../../src/state/paths.ts';
import { FakeWorld, Killed, type ProcessOptions } from '../../support/fake-sys.ts';

function contextIn(world: FakeWorld, options: ProcessOptions = {}) {
  const sys = world.process(options);
  const log = new OperationLog(sys);
  log.set('command', 'ADD');
  log.set('container', 'c1');
  return { sys, log };
}

test('withLock() gives what the work gives, and leaves the lock free', () => {
  const world = new FakeWorld();
  const context = contextIn(world);
  assert.deepEqual(
    withLock(context, () => 5),
    { ok: true, value: 5 },
  );
  assert.equal(context.sys.openDescriptors, 0);
  assert.equal(world.locks.size, 0);
  assert.equal(context.log.steps[0]?.name, 'wait for lock');
});

test('withLock() frees the lock when the work throws', () => {
  const world = new FakeWorld();
  const context = contextIn(world);
  assert.throws(
    () =>
      withLock(context, () => {
        throw new Error('broken');
      }),
    /broken/,
  );
  assert.equal(world.locks.size, 0);
  assert.deepEqual(
    withLock(context, () => 1),
    { ok: true, value: 1 },
  );
});

test('withLock() waits no longer than the limit and names the holder', () => {
  const world = new FakeWorld();
  const holder = contextIn(world, { pid: 4711 });
  const startMs = world.nowMs;
  withLock(holder, () => {
    const refused = withLock(contextIn(world), () => 'never');
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, 'LOCK_TIMEOUT');
    assert.match(refused.error.message, /timed out locking store.*10 s.*pid 4711 ADD c1/);
    assert.equal(world.nowMs - startMs, LOCK_TIMEOUT_MS);
  });
});

test('withLock() is not reentrant', () => {
  const context = contextIn(new FakeWorld());
  assert.throws(() => withLock(context, () => withLock(context, () => 1)), /Internal error: .*held already/);
});

test('withLock() is free again after its holder was killed', () => {
  for (let killAt = 1; killAt < 8; killAt++) {
    const world = new FakeWorld();
    const dying = contextIn(world, { killAt });
    try {
      withLock(dying, () => dying.sys.sleepMs(1));
    } catch (error) {
      assert.ok(error instanceof Killed);
    }
    assert.deepEqual(
      withLock(contextIn(world), () => 'mine'),
      { ok: true, value: 'mine' },
    );
  }
});

test('withLock() does not care what the lock file holds', () => {
  const world = new FakeWorld();
  world.write(LOCK_PATH, 'x'.repeat(5000));
  assert.ok(withLock(contextIn(world), () => 1).ok);
});

test('withLock() reports a lock that cannot be opened', () => {
  const world = new FakeWorld();
  world.write(`${STATE_ROOT}/x`, '');
  world.symlink(LOCK_PATH, '/etc/passwd');
  const refused = withLock(contextIn(world), () => 1);
  assert.ok(!refused.ok && refused.error.code === 'IO');
  assert.match(refused.error.message, /azure-vnet\/lock.*ELOOP/);
});

test('withLock() works on a full disk, where the holder cannot be named', () => {
  const world = new FakeWorld();
  const sys = world.process({ fault: ({ name }) => (name === 'write' ? 'ENOSPC' : undefined) });
  const log = new OperationLog(sys);
  assert.deepEqual(
    withLock({ sys, log }, () => 1),
    { ok: true, value: 1 },
  );
  assert.equal(world.locks.size, 0);
});
