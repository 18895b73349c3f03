/** DEL and GC of azure-vnet-ipam. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { STATE_ROOT } from '../../../src/state/paths.ts';
import { refused, vm } from './fake-vm.ts';

test('DEL gives back exactly what the attachment has', () => {
  const machine = vm();
  machine.add('c1');
  machine.add('c1', { ifname: 'eth1' });
  machine.add('c2');
  assert.equal(machine.run('DEL', 'c1'), undefined);
  const leases = machine.world.list(LEASES_DIR).filter((name) => !name.startsWith('~'));
  assert.deepEqual(leases, ['10.240.0.6@c1@eth1', '10.240.0.7@c2@eth0']);
});

test('DEL succeeds again, without a lease, without state, and with a configuration gone wrong', () => {
  const machine = vm();
  assert.equal(machine.run('DEL', 'c1'), undefined);
  machine.add('c1');
  for (let i = 0; i < 2; i++) {
    assert.equal(machine.run('DEL', 'c1', { ipam: { subnet: 'nonsense', queryInterval: {} } }), undefined);
  }
  assert.match(machine.world.list(LEASES_DIR).join(), /^~\d+@10\.240\.0\.5$/);
});

test('DEL asks neither the source nor the kernel', () => {
  const machine = vm();
  machine.add('c1');
  const queries = machine.queries;
  machine.world.nowMs += 60_000;
  machine.run('DEL', 'c1', {
    process: { fault: ({ name }) => (name === 'netlink' || name === 'connectTcp' ? 'EPERM' : undefined) },
  });
  assert.equal(machine.queries, queries);
  assert.match(machine.world.list(LEASES_DIR).join(), /^~/);
});

test('DEL waits for the lock and says who has it', () => {
  const machine = vm();
  const holder = machine.world.process({ pid: 77 });
  machine.world.write(`${STATE_ROOT}/lock`, 'pid 77 ADD c9');
  holder.lock(holder.open(`${STATE_ROOT}/lock`, { write: true }), 0);
  const failure = refused(machine.run('DEL', 'c1'));
  assert.equal(failure.code, 'LOCK_TIMEOUT');
  assert.match(failure.message, /pid 77 ADD c9/);
});

test('GC gives back what no valid attachment of this network has', () => {
  const machine = vm();
  machine.add('c1');
  machine.add('c1', { ifname: 'eth1' });
  machine.add('c2');
  machine.add('c3', { network: 'other' });
  assert.equal(machine.run('GC', '', { valid: [{ containerId: 'c1', ifname: 'eth1' }] }), undefined);
  const leases = () => machine.world.list(LEASES_DIR).filter((name) => !name.startsWith('~'));
  assert.deepEqual(leases(), ['10.240.0.6@c1@eth1', '10.240.0.8@c3@eth0']);
  assert.equal(machine.log.fields.released, '10.240.0.5,10.240.0.7');
  machine.run('GC', '');
  assert.deepEqual(leases(), ['10.240.0.8@c3@eth0']);
});

test('GC goes on after an error and reports what is left', () => {
  const machine = vm();
  for (const container of ['c1', 'c2', 'c3']) machine.add(container);
  let renames = 0;
  const fault = ({ name }: { name: string }) => (name === 'rename' && ++renames === 2 ? 'EIO' : undefined);
  const failure = refused(machine.run('GC', '', { process: { fault } }));
  assert.equal(failure.code, 'GC_INCOMPLETE');
  assert.match(failure.message, /10\.240\.0\.6 of container c2 \(eth0\): .*EIO/);
  assert.equal(machine.log.fields.released, '10.240.0.5,10.240.0.7');
});

test('GC leaves a damaged lease alone and says so', () => {
  const machine = vm();
  machine.add('c1');
  machine.world.write(`${LEASES_DIR}/10.240.0.5@c1@eth0`, '');
  assert.equal(machine.run('GC', ''), undefined);
  assert.match(machine.notes.join(), /10\.240\.0\.5 of container c1 \(eth0\) stays: its lease is damaged/);
  assert.equal(machine.add('c2'), '10.240.0.6');
  assert.equal(machine.run('DEL', 'c1'), undefined);
  assert.equal(machine.world.exists(`${LEASES_DIR}/10.240.0.5@c1@eth0`), false);
});
