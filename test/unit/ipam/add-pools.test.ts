/** ADD with several pools, and with ipconfigs that come and go. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { eth0, eth1, FakeVm, range, refused, vm } from './fake-vm.ts';

test('ADD uses the pool of the primary NIC, and the next one when that is used up', () => {
  const machine = new FakeVm(eth1(range('10.9.0.5', 9)), eth0(range('10.240.0.5', 1)));
  assert.equal(machine.add('c1'), '10.240.0.5');
  assert.equal(machine.add('c2'), '10.9.0.5');
});

test('ADD prefers a rested address of the second NIC to one of the first that must rest', () => {
  const machine = new FakeVm(eth0(range('10.240.0.5', 1)), eth1(range('10.9.0.5', 1)));
  machine.add('c1');
  machine.run('DEL', 'c1');
  assert.equal(machine.add('c2'), '10.9.0.5');
  assert.equal(machine.add('c3'), '10.240.0.5');
});

test('ADD uses the pool with more free addresses of two NICs alike, then that of the lower index', () => {
  const two = (count0: number, count1: number) => {
    const first = { ...eth0(range('10.240.0.5', count0)), isPrimary: false };
    return new FakeVm(first, eth1(range('10.9.0.5', count1)));
  };
  assert.equal(two(2, 3).add('c1'), '10.9.0.5');
  assert.equal(two(3, 3).add('c1'), '10.240.0.5');
});

test('ADD stays in the subnet and on the NIC that are given', () => {
  const machine = new FakeVm(eth0(range('10.240.0.5', 2)), eth1(range('10.9.0.5', 1)));
  assert.equal(machine.add('c1', { ipam: { subnet: '10.9.0.0/16' } }), '10.9.0.5');
  assert.equal(refused(machine.add('c2', { ipam: { subnet: '10.9.0.0/16' } })).code, 'POOL_EXHAUSTED');
  assert.equal(refused(machine.add('c2', { config: { master: 'eth1' } })).code, 'POOL_EXHAUSTED');
  assert.equal(machine.add('c3', { config: { master: 'eth0' } }), '10.240.0.5');
  assert.equal(refused(machine.add('c4', { config: { master: 'eth7' } })).code, 'NO_POOL');
});

test('ADD keeps two NICs in one subnet apart, and never gives an address twice', () => {
  const machine = new FakeVm(eth0(['10.240.0.5']), eth1(['10.240.0.6'], '10.240.0.9/16'));
  const subnet = '10.240.0.0/16';
  assert.equal(machine.add('c1', { ipam: { subnet }, config: { master: 'eth1' } }), '10.240.0.6');
  assert.equal(machine.add('c2', { ipam: { subnet }, config: { master: 'eth0' } }), '10.240.0.5');
  // The ipconfig of c1 moves to the other NIC.
  machine.nics = [eth0(['10.240.0.5', '10.240.0.6']), eth1([], '10.240.0.9/16')];
  machine.world.nowMs += 20_000;
  assert.equal(refused(machine.add('c3', { ipam: { subnet } })).code, 'POOL_EXHAUSTED');
});

test('ADD gives an attachment one address per subnet when the configuration changes', () => {
  const machine = new FakeVm(eth0(range('10.240.0.5', 2)), eth1(range('10.9.0.5', 2)));
  machine.add('c1');
  assert.equal(machine.add('c1', { ipam: { subnet: '10.9.0.0/16' } }), '10.9.0.5');
  machine.run('DEL', 'c1');
  assert.deepEqual(
    machine.world.list(LEASES_DIR).filter((name) => !name.startsWith('~')),
    [],
  );
});

test('ADD takes an ipconfig that vanished while in use for in use, and drops it on DEL', () => {
  const machine = vm(2);
  machine.add('c1');
  const [nic] = machine.nics;
  assert.ok(nic);
  nic.secondaries = ['10.240.0.6'];
  machine.world.nowMs += 20_000;
  assert.equal(machine.add('c1'), '10.240.0.5', 'the pod has it still');
  machine.run('DEL', 'c1');
  assert.equal(machine.add('c2'), '10.240.0.6');
  assert.equal(refused(machine.add('c3')).code, 'POOL_EXHAUSTED');
  nic.secondaries = range('10.240.0.5', 2);
  machine.world.nowMs += 20_000;
  assert.equal(machine.add('c3'), '10.240.0.5', 'and it may come back');
});

test('ADD forgets releases of vanished addresses after an hour', () => {
  const machine = vm(2);
  machine.add('c1');
  machine.run('DEL', 'c1');
  machine.nics = [eth0(['10.240.0.6'])];
  machine.world.nowMs += 60 * 60 * 1000 + 1;
  machine.add('c2');
  assert.deepEqual(machine.world.list(LEASES_DIR), ['10.240.0.6@c2@eth0']);
});
