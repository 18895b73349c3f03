/** CHECK and STATUS of azure-vnet-ipam. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { eth0, type FakeVm, range, refused, resultWith, vm } from './fake-vm.ts';

const EARLY_MS = 1000;

test('CHECK finds the lease, and that of prevResult', () => {
  const machine = vm();
  machine.add('c1');
  assert.equal(machine.run('CHECK', 'c1'), undefined);
  assert.equal(machine.run('CHECK', 'c1', { prevResult: resultWith('10.240.0.5') }), undefined);
  assert.equal(machine.run('CHECK', 'c1', { prevResult: resultWith('10.0.0.9', '10.240.0.5') }), undefined);
  const other = refused(machine.run('CHECK', 'c1', { prevResult: resultWith('10.240.0.6') }));
  assert.deepEqual(other, {
    code: 'CHECK_FAILED',
    message: 'container c1 (eth0) has the lease of 10.240.0.5, but prevResult says 10.240.0.6',
  });
});

test('CHECK fails for an attachment without a lease', () => {
  const machine = vm();
  machine.add('c1');
  for (const [container, ifname] of [
    ['c2', 'eth0'],
    ['c1', 'eth1'],
  ] as const) {
    assert.equal(refused(machine.run('CHECK', container, { ifname })).code, 'CHECK_FAILED');
  }
  machine.run('DEL', 'c1');
  assert.equal(refused(machine.run('CHECK', 'c1')).code, 'CHECK_FAILED');
});

test('STATUS is content while ADD could be served, and takes nothing', () => {
  const machine = vm();
  assert.equal(machine.run('STATUS'), undefined);
  assert.deepEqual(machine.world.list(LEASES_DIR), []);
});

test('STATUS says why ADD could not be served', () => {
  const why = (machine: FakeVm, ipam = {}) => {
    const failure = refused(machine.run('STATUS', '', { ipam }));
    assert.equal(failure.code, 'NOT_AVAILABLE');
    return failure.message;
  };
  const full = vm(1);
  full.add('c1');
  assert.match(why(full), /1 of 1 used in 10\.240\.0\.0\/16/);
  assert.match(why(vm(0)), /eth0 has no secondary ipconfigs/);
  assert.match(why(vm(), { subnet: '10.9.0.0/16' }), /no pool of subnet 10\.9\.0\.0\/16/);
  const silent = vm();
  silent.wireserver('refuse');
  assert.match(why(silent), /ECONNREFUSED/);
});

test('STATUS sees new ipconfigs as early as ADD does', () => {
  const machine = vm(1);
  machine.add('c1');
  machine.nics = [eth0(range('10.240.0.5', 2))];
  machine.world.nowMs += EARLY_MS;
  assert.equal(machine.run('STATUS'), undefined);
});
