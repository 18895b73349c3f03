import assert from 'node:assert/strict';
import test from 'node:test';
import { findNic, isStill } from '../../../src/ipam/nics.ts';
import { type MacAddress, parseMac } from '../../../src/net/mac.ts';
import type { Link } from '../../../src/net/rtnl/link.ts';

const A = '00:0d:3a:00:00:0a' as MacAddress;
const B = '00:0d:3a:00:00:0b' as MacAddress;

function link(index: number, name: string, mac: string | undefined, more: Partial<Link> = {}): Link {
  const parsed = mac === undefined ? undefined : parseMac(mac);
  return {
    index,
    name,
    mtu: 1500,
    up: true,
    running: true,
    loopback: false,
    ...(parsed && { mac: parsed }),
    ...more,
  };
}

test('findNic() finds the NIC by its MAC address', () => {
  const links = [link(1, 'lo', undefined, { loopback: true }), link(2, 'eth0', A), link(3, 'eth1', B)];
  assert.deepEqual(findNic(B, links), { index: 3, name: 'eth1', mac: B });
  assert.equal(findNic('00:0d:3a:00:00:0c' as MacAddress, links), undefined);
});

test('findNic() prefers the NIC to its bridge and to its VLAN, whatever the order', () => {
  const links = [
    link(1, 'azure0', A, { kind: 'bridge' }),
    link(9, 'eth0', A, { masterIndex: 1 }),
    link(3, 'eth0.5', A, { kind: 'vlan' }),
  ];
  assert.equal(findNic(A, links)?.name, 'eth0');
  assert.equal(findNic(A, [...links].reverse())?.name, 'eth0');
});

test('findNic() prefers the synthetic NIC to the VF behind it, even with a higher index', () => {
  const links = [link(2, 'enP1', A, { masterIndex: 5 }), link(5, 'eth0', A)];
  assert.equal(findNic(A, links)?.name, 'eth0');
});

test('findNic() takes the lowest index of several', () => {
  assert.equal(findNic(A, [link(7, 'b', A), link(4, 'a', A)])?.name, 'a');
});

test('findNic() accepts a veth end as NIC: a virtual machine may be a namespace', () => {
  assert.equal(findNic(A, [link(4, 'eth0', A, { kind: 'veth' })])?.name, 'eth0');
});

test('findNic() takes any NIC for *, hardware first, never a loopback or bridge', () => {
  const links = [
    link(1, 'lo', '00:00:00:00:00:00', { loopback: true }),
    link(2, 'docker0', B, { kind: 'bridge' }),
    link(3, 'veth1', B, { kind: 'veth' }),
    link(4, 'eth0', A),
  ];
  assert.equal(findNic('*', links)?.name, 'eth0');
  assert.equal(findNic('*', links.slice(0, 3))?.name, 'veth1');
  assert.equal(findNic('*', links.slice(0, 2)), undefined);
});

test('isStill() sees that a NIC was renamed, replaced or removed', () => {
  const nic = { index: 2, name: 'eth0', mac: A };
  const local = (found: Link | undefined) => ({ links: () => [], link: () => found });
  assert.equal(isStill(nic, local(link(2, 'eth0', A))), true);
  assert.equal(isStill(nic, local(link(2, 'eth1', A))), false);
  assert.equal(isStill(nic, local(link(2, 'eth0', B))), false);
  assert.equal(isStill(nic, local(undefined)), false);
});
