/** CHECK, GC and STATUS, lost records and a start of the machine. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../src/sys/json.ts';
import { machine, OTHER, OTHER_NAMESPACE } from './containers.ts';
import { addressOf, CONTAINER, messageOf, NAMESPACE, STATE, type WindowsMachine } from './machine.ts';

test('CHECK agrees after ADD, and names what differs', () => {
  const differences: readonly [(vm: WindowsMachine) => void, RegExp][] = [
    [(vm) => vm.hns.endpoints.splice(0), /endpoint c0ffee12-eth0 .* is gone from HNS/],
    [(vm) => vm.hns.networks.splice(0), /network azure .* is gone from HNS/],
    [(vm) => vm.hns.endpoints[0]?.attachedTo.clear(), /is not attached to aaaaaaaa/],
    [
      (vm) => vm.world.files.unlink(`${STATE}/endpoints/${vm.records('endpoints')[0]}`),
      /no record of c0ffee/,
    ],
  ];
  for (const [change, message] of differences) {
    const vm = machine();
    const config = { prevResult: vm.add().document as JsonObject };
    const good = vm.run({ command: 'CHECK', config });
    assert.deepEqual([good.status, good.document], [0, undefined]);
    change(vm);
    assert.match(messageOf(vm.run({ command: 'CHECK', config })), message);
  }
});

test('GC keeps what is valid and removes everything else, recorded or not', () => {
  const vm = machine();
  vm.add();
  vm.add(OTHER, OTHER_NAMESPACE);
  const stray = 'deadbeef00000000';
  vm.add(stray, OTHER_NAMESPACE);
  vm.world.files.unlink(`${STATE}/endpoints/azure@${stray}@eth0`);
  const valid = [{ containerID: CONTAINER, ifname: 'eth0' }];
  const done = vm.run({ command: 'GC', config: { 'cni.dev/valid-attachments': valid } });
  assert.equal(done.status, 0, messageOf(done));
  assert.deepEqual(vm.leased, ['10.240.0.5']);
  assert.deepEqual(
    vm.hns.endpoints.map(({ address }) => address),
    ['10.240.0.5'],
  );
  assert.equal(vm.records('endpoints').length, 1);
});

test('STATUS is well, and tells what keeps ADD from being served', () => {
  const vm = machine();
  assert.equal(vm.run({ command: 'STATUS' }).status, 0);
  vm.add();
  assert.equal(vm.run({ command: 'STATUS' }).status, 0);
  vm.hns.networks.splice(0);
  assert.match(messageOf(vm.run({ command: 'STATUS' })), /^51: .*network azure is gone from HNS/);
  vm.hns.fault = () => 'missing';
  assert.match(messageOf(vm.run({ command: 'STATUS' })), /^50: .*Install-WindowsFeature Containers/);
  const empty = machine();
  empty.addresses = [];
  assert.match(messageOf(empty.run({ command: 'STATUS' })), /^50: /);
});

test('records that are lost: addresses of endpoints that are there are not given out', () => {
  const vm = machine();
  vm.add();
  for (const directory of ['endpoints', 'networks', 'unfinished']) {
    for (const name of vm.world.list(`${STATE}/${directory}`))
      vm.world.files.unlink(`${STATE}/${directory}/${name}`);
  }
  for (const name of vm.world.list(`${STATE}/ipam/leases`))
    vm.world.files.unlink(`${STATE}/ipam/leases/${name}`);
  assert.equal(addressOf(vm.add(OTHER, OTHER_NAMESPACE)), '10.240.0.6/16');
  assert.equal(vm.del().status, 0);
  assert.equal(vm.del(OTHER, OTHER_NAMESPACE).status, 0);
  assert.deepEqual(vm.remains, []);
});

test('after a reboot what nothing is attached to is removed, and the rest stays', () => {
  const vm = machine();
  vm.addresses = ['10.240.0.5', '10.240.0.6'];
  vm.add();
  vm.add(OTHER, OTHER_NAMESPACE);
  vm.boot = 'boot-2';
  vm.hns.namespaces.delete(NAMESPACE);
  vm.hns.namespaces.add('cccccccc-bbbb-4ccc-8ddd-eeeeeeeeeeee');
  const added = vm.add('feed000000000000', 'cccccccc-bbbb-4ccc-8ddd-eeeeeeeeeeee');
  assert.equal(addressOf(added), '10.240.0.5/16');
  assert.deepEqual(vm.leased.sort(), ['10.240.0.5', '10.240.0.6']);
  assert.equal(vm.hns.endpoints.length, 2);
});
