/** The network in HNS, its NIC, and configurations that ADD refuses. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../src/sys/json.ts';
import { machine, OTHER, OTHER_NAMESPACE } from './containers.ts';
import { addressOf, CONTAINER, ETHERNET, LOOPBACK, messageOf, NAMESPACE } from './machine.ts';

test('ADD uses a network of HNS with its name, and makes it again when it is gone', () => {
  const vm = machine();
  vm.hns.networks.push({
    id: vm.hns.id(),
    name: 'azure',
    type: 'L2Bridge',
    subnet: '10.240.0.0/16',
    gateway: '10.240.0.1',
  });
  assert.equal(vm.add().status, 0);
  assert.equal(vm.hns.networks.length, 1);
  vm.hns.networks.splice(0);
  assert.equal(vm.add(OTHER, OTHER_NAMESPACE).status, 0);
  assert.equal(vm.hns.networks.length, 1);
});

for (const [what, network, message] of [
  ['of another type', { type: 'nat', subnet: '10.240.0.0/16' }, /network "azure" of type nat, not l2bridge/],
  ['of another subnet', { type: 'L2Bridge', subnet: '10.1.0.0/16' }, /has the subnet 10\.1\.0\.0\/16/],
] as const) {
  test(`ADD refuses a network ${what}, and gives the address back`, () => {
    const vm = machine();
    vm.hns.networks.push({ id: vm.hns.id(), name: 'azure', gateway: '10.240.0.1', ...network });
    const added = vm.add();
    assert.equal(added.status, 1);
    assert.match(messageOf(added), message);
    assert.deepEqual(vm.remains, []);
  });
}

test('ADD names what was looked for when no adapter has the subnet', () => {
  const vm = machine();
  vm.adapters = [LOOPBACK, { ...ETHERNET, ipv4: [{ address: '10.9.0.4', prefixBits: 24 }] }];
  const added = vm.add();
  assert.match(messageOf(added), /^100: Failed to find the master interface: no adapter .*10\.240\.0\.0\/16/);
  assert.match(messageOf(added), /candidates: Ethernet \(10\.9\.0\.4\/24\)/);
  assert.deepEqual(vm.remains, []);
});

test('the NIC is one and the same before and after HNS has made its switch', () => {
  const vm = machine();
  const config = { master: 'Ethernet' };
  assert.equal(vm.add(CONTAINER, NAMESPACE, { config }).status, 0);
  vm.adapters = [
    LOOPBACK,
    { ...ETHERNET, ipv4: [] },
    { ...ETHERNET, index: 9, name: 'vEthernet (Ethernet)' },
  ];
  vm.world.nowMs += 60_000;
  const added = vm.add(OTHER, OTHER_NAMESPACE, { config });
  assert.equal(added.status, 0, messageOf(added));
  assert.equal(addressOf(added), '10.240.0.6/16');
});

test('an old HNS gets 10 s to bind its switch, and knows no namespaces', () => {
  const vm = machine();
  vm.hns.version = { Major: 7, Minor: 2 };
  const startMs = vm.world.nowMs;
  assert.equal(vm.add(CONTAINER, 'none').status, 0);
  assert.equal(vm.world.nowMs - startMs, 10_000);
  const other = machine();
  other.hns.version = { Major: 7, Minor: 2 };
  assert.match(
    messageOf(other.add()),
    /^8: .*needs HNS 9\.2 \(Windows Server 2019\); this Windows has HNS 7\.2/,
  );
});

const refused: readonly [string, JsonObject, RegExp][] = [
  ['an unknown mode', { mode: 'transparent' }, /^2: .*Network mode is invalid/],
  ['multitenancy', { multiTenancy: true }, /^2: .*multiTenancy/],
  [
    'ranges for masquerading',
    { nonMasqueradeCIDRs: ['10.0.0.0/8'] },
    /^2: .*custom IP ranges cannot be specified/,
  ],
  [
    'servers without a search list',
    { dns: { nameservers: ['10.0.0.10'] } },
    /^7: Wrong DNS configuration: \{/,
  ],
  ['a search list without servers', { dns: { search: ['a'] } }, /^7: Wrong DNS configuration: \{/],
  [
    'a policy that is none',
    { AdditionalArgs: [{ Name: 'EndpointPolicy', Value: 5 }] },
    /^7: AdditionalArgs\[0\]/,
  ],
  ['a deadline of days', { windowsSettings: { hnsTimeoutDurationInSeconds: 99_999 } }, /^7: .*at most 590/],
  [
    'sctp',
    { runtimeConfig: { portMappings: [{ hostPort: 1, containerPort: 1, protocol: 'sctp' }] } },
    /^2: .*tcp and udp/,
  ],
  ['no IPAM', { ipam: {} }, /^7: ipam\.type/],
  [
    'a policy that version 2 has no form for',
    { AdditionalArgs: [{ Name: 'EndpointPolicy', Value: { Type: 'QOS' } }] },
    /^100: .*Failed to set Policy: Type: QOS/,
  ],
];
for (const [what, config, message] of refused) {
  test(`ADD refuses ${what}, and leaves nothing`, () => {
    const vm = machine();
    const added = vm.add(CONTAINER, NAMESPACE, { config });
    assert.equal(added.status, 1);
    assert.match(messageOf(added), message);
    assert.deepEqual(vm.remains, []);
    assert.equal(vm.del(CONTAINER, NAMESPACE, { config }).status, 0);
  });
}

test('ADD refuses loopback where HNS does not know it', () => {
  const vm = machine();
  vm.hns.version = { Major: 10, Minor: 0 };
  const config = { windowsSettings: { enableLoopbackDSR: true } };
  assert.match(messageOf(vm.add(CONTAINER, NAMESPACE, { config })), /^2: .*enableLoopbackDSR needs HNS 9\.3/);
  assert.deepEqual(vm.remains, []);
});

test('the longest deadline for HNS is one that the host accepts', () => {
  const vm = machine();
  const config = { windowsSettings: { hnsTimeoutDurationInSeconds: 590 } };
  assert.equal(vm.add(CONTAINER, 'none', { config }).status, 0);
});
