/** ADD and DEL of containers, alone and beside each other. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { machine, OTHER, OTHER_NAMESPACE } from './containers.ts';
import { addressOf, CONTAINER, NAMESPACE, STATE } from './machine.ts';

test('ADD answers with the address, the MAC address of HNS and the sandbox; DEL leaves the network only', () => {
  const vm = machine();
  const added = vm.add();
  assert.equal(added.status, 0, JSON.stringify(added.document));
  assert.deepEqual(added.document, {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', mac: '00:15:5d:00:00:01', sandbox: NAMESPACE }],
    ips: [{ interface: 0, address: '10.240.0.5/16', gateway: '10.240.0.1' }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.240.0.1' }],
    dns: { nameservers: ['168.63.129.16'] },
  });
  const [endpoint] = vm.hns.endpoints;
  assert.deepEqual([endpoint?.name, endpoint?.address], ['c0ffee12-eth0', '10.240.0.5']);
  assert.deepEqual([...(endpoint?.attachedTo ?? [])], [NAMESPACE]);
  assert.deepEqual(vm.leased, ['10.240.0.5']);
  assert.deepEqual(vm.records('unfinished'), []);
  const deleted = vm.del();
  assert.deepEqual([deleted.status, deleted.document], [0, undefined]);
  assert.deepEqual(vm.remains, []);
  assert.deepEqual(
    vm.hns.networks.map(({ name }) => name),
    ['azure'],
  );
});

for (const [what, netns] of [
  ['version 1', 'none'],
  ['version 2', NAMESPACE],
] as const) {
  test(`ADD, ${what}: a repeated one answers the same and makes nothing`, () => {
    const vm = machine();
    const first = vm.add(CONTAINER, netns);
    const again = vm.add(CONTAINER, netns);
    assert.deepEqual(again.document, first.document);
    assert.deepEqual([vm.hns.endpoints.length, vm.leased.length], [1, 1]);
  });

  test(`ADD, ${what}: a repeated one makes an endpoint anew that HNS has lost`, () => {
    const vm = machine();
    vm.add(CONTAINER, netns);
    vm.hns.endpoints.splice(0);
    const again = vm.add(CONTAINER, netns);
    assert.equal(again.status, 0);
    assert.deepEqual([vm.hns.endpoints.length, vm.leased.length], [1, 1]);
    assert.equal(vm.hns.endpoints[0]?.address, vm.leased[0]);
  });

  test(`DEL, ${what}: repeated, of an unknown container, and with everything gone from HNS`, () => {
    const vm = machine();
    assert.deepEqual([vm.del(CONTAINER, netns).status, vm.remains], [0, []]);
    vm.add(CONTAINER, netns);
    vm.hns.endpoints.splice(0);
    vm.hns.networks.splice(0);
    vm.hns.namespaces.clear();
    assert.deepEqual([vm.del(CONTAINER, netns).status, vm.remains], [0, []]);
    assert.equal(vm.del(CONTAINER, netns).status, 0);
  });

  test(`DEL, ${what}: without CNI_NETNS`, () => {
    const vm = machine();
    vm.add(CONTAINER, netns);
    assert.deepEqual([vm.del(CONTAINER, '').status, vm.remains], [0, []]);
  });

  test(`DEL, ${what}: without a record removes what has the name and is attached to nobody else`, () => {
    const vm = machine();
    vm.add(CONTAINER, netns);
    for (const name of vm.records('endpoints')) vm.world.files.unlink(`${STATE}/endpoints/${name}`);
    assert.equal(vm.del(CONTAINER, netns).status, 0);
    assert.deepEqual(vm.remains, []);
  });
}

test('containers with the same first 8 characters do not disturb each other', () => {
  const vm = machine();
  const [one, two] = [vm.add(), vm.add(OTHER, OTHER_NAMESPACE)];
  assert.deepEqual([addressOf(one), addressOf(two)], ['10.240.0.5/16', '10.240.0.6/16']);
  assert.equal(new Set(vm.hns.endpoints.map(({ name }) => name)).size, 1);
  assert.equal(vm.del(OTHER, OTHER_NAMESPACE).status, 0);
  assert.deepEqual(vm.leased, ['10.240.0.5']);
  assert.deepEqual(
    vm.hns.endpoints.map(({ address }) => address),
    ['10.240.0.5'],
  );
  // Not even without its record.
  assert.equal(vm.del(OTHER, OTHER_NAMESPACE).status, 0);
  assert.equal(vm.hns.endpoints.length, 1);
});

test('DEL without a record leaves an endpoint of this name that is attached to another sandbox', () => {
  const vm = machine();
  vm.add(OTHER, OTHER_NAMESPACE);
  for (const name of vm.records('endpoints')) vm.world.files.unlink(`${STATE}/endpoints/${name}`);
  assert.equal(vm.del().status, 0);
  assert.equal(vm.hns.endpoints.length, 1);
});

test('DEL without a record leaves an endpoint of this name that is on the record of another container', () => {
  const vm = machine();
  vm.add(OTHER, OTHER_NAMESPACE);
  vm.hns.endpoints[0]?.attachedTo.clear();
  assert.equal(vm.del().status, 0);
  assert.equal(vm.hns.endpoints.length, 1);
});
