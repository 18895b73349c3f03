/** Containers that share the endpoint of their infra container. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { machine, SHARED, WORKLOAD } from './containers.ts';
import { addressOf, CONTAINER, messageOf, STATE } from './machine.ts';

test('a workload container gets the endpoint of its infra container, and gives it back alone', () => {
  const vm = machine();
  const infra = vm.add(CONTAINER, 'none');
  const workload = vm.add(WORKLOAD, SHARED);
  assert.equal(workload.status, 0, messageOf(workload));
  assert.deepEqual(workload.document?.ips, infra.document?.ips);
  assert.deepEqual(workload.document?.interfaces, [
    { name: 'eth0', mac: '00:15:5d:00:00:01', sandbox: SHARED },
  ]);
  assert.deepEqual([...(vm.hns.endpoints[0]?.attachedTo ?? [])], [CONTAINER, WORKLOAD]);
  assert.deepEqual([vm.hns.endpoints.length, vm.leased.length], [1, 1]);
  assert.deepEqual(vm.add(WORKLOAD, SHARED).document, workload.document);
  assert.equal(vm.del(WORKLOAD, SHARED).status, 0);
  assert.deepEqual([...(vm.hns.endpoints[0]?.attachedTo ?? [])], [CONTAINER]);
  assert.equal(vm.leased.length, 1);
  assert.equal(vm.add(WORKLOAD, SHARED).status, 0);
  assert.equal(vm.del(CONTAINER, 'none').status, 0);
  assert.deepEqual(vm.remains, []);
  assert.equal(vm.del(WORKLOAD, SHARED).status, 0);
});

test('a workload container of an infra container that HNS does not know is refused in the known words', () => {
  const vm = machine();
  assert.match(
    messageOf(vm.add(WORKLOAD, SHARED)),
    /^100: GetHNSEndpointByName for c0ffee12-eth0 returned nil/,
  );
  assert.deepEqual(vm.remains, []);
});

test('a workload container is connected by what HNS tells when the records are lost', () => {
  const vm = machine();
  vm.add(CONTAINER, 'none');
  for (const name of vm.records('endpoints')) vm.world.files.unlink(`${STATE}/endpoints/${name}`);
  const workload = vm.add(WORKLOAD, SHARED);
  assert.equal(addressOf(workload), '10.240.0.5/16', messageOf(workload));
});
