import assert from 'node:assert/strict';
import test from 'node:test';
import { findMaster } from '../../../src/vnet/master.ts';
import { cidr, host, type LinkText } from './hosts.ts';

const SUBNET = '10.240.0.0/16';
const LO: LinkText = { name: 'lo', loopback: true, mac: null, addresses: ['127.0.0.1/8'] };
const ETH0: LinkText = { name: 'eth0', addresses: ['10.240.0.4/16'] };
const ETH1: LinkText = { name: 'eth1', addresses: ['10.241.0.4/16'] };

interface Case {
  readonly what: string;
  readonly links: readonly LinkText[];
  readonly subnet?: string;
  readonly named?: string;
  /** Name of the NIC, or what the error has to say. */
  readonly found: string | RegExp;
}

const CASES: readonly Case[] = [
  { what: 'the NIC with an address of the subnet', links: [LO, ETH1, ETH0], found: 'eth0' },
  {
    what: 'the second NIC for the second subnet',
    links: [LO, ETH0, ETH1],
    subnet: '10.241.0.0/16',
    found: 'eth1',
  },
  {
    what: 'a secondary address of the subnet counts too',
    links: [LO, { name: 'eth0', addresses: ['172.16.0.4/24', '10.240.0.9/16'] }],
    found: 'eth0',
  },
  {
    what: 'never the bridge that has the address, but the NIC that is its port',
    links: [
      LO,
      { name: 'eth0', master: 'azure0' },
      { name: 'azure0', kind: 'bridge', addresses: ['10.240.0.4/16'] },
    ],
    found: 'eth0',
  },
  {
    what: 'not the host veth of a pod, though it is a port of that bridge too',
    links: [
      LO,
      { name: 'azv0123456789a', kind: 'veth', master: 'azure0' },
      { name: 'eth0', master: 'azure0' },
      { name: 'azure0', kind: 'bridge', addresses: ['10.240.0.4/16'] },
    ],
    found: 'eth0',
  },
  {
    what: 'hardware before a veth end, as a NIC looks where the machine is a namespace',
    links: [LO, { name: 'veth7', kind: 'veth', addresses: ['10.240.0.200/16'] }, ETH0],
    found: 'eth0',
  },
  {
    what: 'a veth end when there is no hardware',
    links: [LO, { name: 'eth0', kind: 'veth', addresses: ['10.240.0.4/16'] }],
    found: 'eth0',
  },
  {
    what: 'the synthetic NIC, not the virtual function behind it with the same MAC',
    links: [
      LO,
      { name: 'enP1s1', master: 'eth0', mac: '00:0d:3a:00:00:04' },
      { ...ETH0, mac: '00:0d:3a:00:00:04' },
    ],
    found: 'eth0',
  },
  {
    what: 'the bond, not its ports',
    links: [
      LO,
      { name: 'eth0', master: 'bond0', addresses: ['10.240.0.4/16'] },
      { name: 'eth1', master: 'bond0' },
      { name: 'bond0', kind: 'bond', addresses: ['10.240.0.5/16'] },
    ],
    found: 'bond0',
  },
  {
    what: 'a VLAN of a NIC',
    links: [LO, { name: 'eth0' }, { name: 'eth0.7', kind: 'vlan', addresses: ['10.240.0.4/16'] }],
    found: 'eth0.7',
  },
  {
    what: 'the first of two NICs in one subnet',
    links: [LO, ETH0, { name: 'eth1', addresses: ['10.240.0.5/16'] }],
    found: 'eth0',
  },
  {
    what: 'the named one of two NICs in one subnet',
    links: [LO, ETH0, { name: 'eth1', addresses: ['10.240.0.5/16'] }],
    named: 'eth1',
    found: 'eth1',
  },
  { what: 'the named NIC, whatever its addresses', links: [LO, ETH0, ETH1], named: 'eth1', found: 'eth1' },
  {
    what: 'nothing: the prefix of the address is another',
    links: [LO, { name: 'eth0', addresses: ['10.240.0.4/24'] }],
    found:
      /no NIC has an address of the subnet 10\.240\.0\.0\/16; candidates: eth0 \(10\.240\.0\.4\/24\); set "master"/,
  },
  {
    what: 'nothing: all candidates are listed, with their addresses, and nothing that cannot be one',
    links: [
      LO,
      ETH1,
      { name: 'eth2' },
      { name: 'docker0', kind: 'bridge', addresses: ['172.17.0.1/16'] },
      { name: 'azv0123456789a', kind: 'veth' },
      { name: 'tun0', kind: 'tun', mac: null, addresses: ['10.8.0.2/24'] },
    ],
    found: /; candidates: eth1 \(10\.241\.0\.4\/16\), eth2 \(no IPv4 address\); set "master" or give a NIC/,
  },
  {
    what: 'nothing: there is no NIC',
    links: [LO],
    found: /the subnet 10\.240\.0\.0\/16; there is no NIC; set "master"/,
  },
  {
    what: 'nothing: the named one does not exist',
    links: [LO, ETH0],
    named: 'eth7',
    found:
      /the configuration names master "eth7", which does not exist; candidates: eth0 \(10\.240\.0\.4\/16\)/,
  },
  {
    what: 'nothing: the named one is a bridge',
    links: [LO, ETH0, { name: 'docker0', kind: 'bridge' }],
    named: 'docker0',
    found: /master "docker0" is a bridge, not a NIC/,
  },
  {
    what: 'nothing: the named one is the loopback',
    links: [LO, ETH0],
    named: 'lo',
    found: /master "lo" is the loopback, not/,
  },
];

for (const { what, links, subnet = SUBNET, named, found } of CASES) {
  test(`findMaster() finds ${what}`, () => {
    const result = findMaster(host(...links), cidr(subnet), named);
    if (typeof found === 'string') assert.equal(result.ok && result.value.name, found);
    else {
      assert.ok(!result.ok);
      assert.equal(result.error.code, 'NO_MASTER');
      assert.match(result.error.message, /^Failed to find the master interface: /);
      assert.match(result.error.message, found);
    }
  });
}

for (const kind of [
  'bridge',
  'tun',
  'vxlan',
  'geneve',
  'dummy',
  'ifb',
  'ipip',
  'sit',
  'wireguard',
  'openvswitch',
]) {
  test(`findMaster() never finds a ${kind}, even with an address of the subnet`, () => {
    const result = findMaster(
      host(LO, { name: 'x0', kind, addresses: ['10.240.0.4/16'] }),
      cidr(SUBNET),
      undefined,
    );
    assert.equal(result.ok, false);
  });
}

test('findMaster() says why the named link is no NIC', () => {
  const links = host(
    LO,
    { name: 'eth0', master: 'bond0' },
    { name: 'bond0', kind: 'bond' },
    { name: 'docker0', kind: 'bridge' },
    { name: 'azv0123456789a', kind: 'veth' },
    { name: 'ib0', mac: null },
  );
  const reasons = [
    ['lo', 'master "lo" is the loopback'],
    ['eth0', 'master "eth0" is a port of bond0'],
    ['docker0', 'master "docker0" is a bridge'],
    ['azv0123456789a', 'master "azv0123456789a" is the host end of a pod'],
    ['ib0', 'master "ib0" is without an Ethernet address'],
  ] as const;
  for (const [named, reason] of reasons) {
    const result = findMaster(links, cidr(SUBNET), named);
    assert.ok(!result.ok);
    assert.ok(
      result.error.message.includes(`: ${reason}, not a NIC; candidates: bond0 (`),
      result.error.message,
    );
  }
});
