import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCidr } from '../../../src/net/cidr.ts';
import { findAdapter, isOfSwitch, nicName, openAdapters } from '../../../src/windows/adapters.ts';
import { windowsIpam } from '../../../src/windows/call.ts';
import { addressOf, ETHERNET, LOOPBACK, messageOf, WindowsMachine } from './machine.ts';

const SUBNET = parseCidr('10.240.0.0/16') ?? assert.fail();
const SWITCHED = { ...ETHERNET, index: 9, name: 'vEthernet (Ethernet)' };
const BOUND = { ...ETHERNET, ipv4: [], gateways: [] };

test('azure-vnet-ipam alone gives addresses by the adapters of Windows, and takes them back', () => {
  const vm = new WindowsMachine();
  const added = vm.run({ command: 'ADD', plugin: windowsIpam });
  assert.equal(addressOf(added), '10.240.0.5/16', messageOf(added));
  assert.equal(vm.hns.calls.length, 0);
  assert.equal(vm.run({ command: 'DEL', plugin: windowsIpam }).status, 0);
  assert.deepEqual(vm.leased, []);
});

test('azure-vnet-ipam does not give out an address that the adapter has itself, and says how to take it off', () => {
  const vm = new WindowsMachine();
  vm.adapters = [
    LOOPBACK,
    { ...ETHERNET, ipv4: [...ETHERNET.ipv4, { address: '10.240.0.5', prefixBits: 16 }] },
  ];
  assert.equal(addressOf(vm.run({ command: 'ADD', plugin: windowsIpam })), '10.240.0.6/16');
});

test('nicName() and isOfSwitch() know the adapters of a switch', () => {
  assert.deepEqual(
    ['vEthernet (Ethernet)', 'vEthernet (Ethernet 2)', 'Ethernet', 'vEthernet', '이더넷'].map((name) => [
      nicName(name),
      isOfSwitch(name),
    ]),
    [
      ['Ethernet', true],
      ['Ethernet 2', true],
      ['Ethernet', false],
      ['vEthernet', true],
      ['이더넷', false],
    ],
  );
});

test('findAdapter() takes the one that is named, by either name, else one with exactly the subnet', () => {
  const find = (adapters: Parameters<typeof findAdapter>[0], named?: string) => {
    const found = findAdapter(adapters, SUBNET, named);
    return found.ok ? found.value.index : found.error.message;
  };
  assert.equal(find([LOOPBACK, ETHERNET]), ETHERNET.index);
  assert.equal(find([LOOPBACK, BOUND, SWITCHED]), SWITCHED.index);
  assert.equal(find([SWITCHED], 'Ethernet'), SWITCHED.index);
  assert.equal(find([BOUND, SWITCHED], 'vEthernet (Ethernet)'), SWITCHED.index);
  const wider = { ...ETHERNET, index: 5, ipv4: [{ address: '10.240.0.4', prefixBits: 8 }] };
  assert.match(
    String(find([wider])),
    /no adapter has an address of the subnet 10\.240\.0\.0\/16; candidates: Ethernet \(10\.240\.0\.4\/8\)/,
  );
  assert.match(String(find([ETHERNET], 'Wi-Fi')), /master "Wi-Fi", which does not exist/);
  assert.match(String(find([LOOPBACK])), /there is no adapter/);
  // One with a gateway goes before one without.
  assert.equal(find([{ ...ETHERNET, index: 2, gateways: [] }, ETHERNET]), ETHERNET.index);
});

test('the virtual function of accelerated networking is not taken for the NIC', () => {
  const vm = new WindowsMachine();
  vm.adapters = [LOOPBACK, { ...BOUND, index: 2, name: 'Ethernet 3' }, ETHERNET];
  assert.equal(vm.add().status, 0);
  assert.match(vm.world.read('/run/azure-vnet/networks/azure'), /"nic":"Ethernet"/);
  vm.adapters = [LOOPBACK, { ...BOUND, index: 2, name: 'Ethernet 3' }, BOUND, SWITCHED];
  vm.world.nowMs += 60_000;
  vm.hns.containers.add('feedface00000000');
  const second = vm.add('feedface00000000', 'none');
  assert.equal(addressOf(second), '10.240.0.6/16', messageOf(second));
});

test('openAdapters() makes the NIC under a switch a port of it, so that pools find one of both', () => {
  const vm = new WindowsMachine();
  vm.adapters = [LOOPBACK, BOUND, SWITCHED];
  const view = openAdapters(vm.windows(vm.world.process()));
  assert.deepEqual(
    view.links().map(({ index, name, masterIndex }) => [index, name, masterIndex]),
    [
      [LOOPBACK.index, LOOPBACK.name, undefined],
      [ETHERNET.index, 'Ethernet', SWITCHED.index],
      [SWITCHED.index, 'Ethernet', undefined],
    ],
  );
  assert.equal(view.link(9)?.mac, '00:0d:3a:0a:0b:0c');
  view.close();
});
