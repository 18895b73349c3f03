/** What is no problem. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { NodeFacts } from '../../../../src/cli/node/facts.ts';
import { B, endpoint, ip, lease, mac, NOW_MS, net, network, node, pool, record } from './facts.ts';
import { all } from './problem-case.ts';

test('a healthy node has no problems', () => {
  assert.deepEqual(all(node()), []);
});

test('a node without a network has no problems', () => {
  const empty = { networks: [], endpoints: [], leases: [], pools: [], hosts: [], bridges: [] };
  assert.deepEqual(all(node(empty)), []);
});

for (const [what, changes] of [
  [
    'an ADD that is under way',
    { endpoints: [endpoint({ phase: 'adding', sinceMs: NOW_MS - 1000 }), endpoint(B)] },
  ],
  [
    'the lease of an ADD that is under way',
    { endpoints: [endpoint(B)], leases: [lease({ sinceMs: NOW_MS - 1000 })] },
  ],
  ['a DEL that is under way', { pending: [record({ containerId: 'c', sinceMs: NOW_MS - 1000 })] }],
  ['the lease of another plugin', { endpoints: [endpoint(B)], leases: [lease({ network: 'other' })] }],
  [
    'an address of another IPAM plugin',
    { endpoints: [endpoint({ ipamType: 'host-local', addresses: [ip('10.240.9.9')] })], leases: [] },
  ],
  ['a pool that nobody has asked for', { pools: [] }],
  [
    'a pool of another NIC',
    {
      pools: [
        pool({
          pool: {
            ...pool().pool,
            addresses: [],
            nic: { index: 9, name: 'eth1', mac: mac('00:0d:3a:00:00:01') },
          },
        }),
      ],
    },
  ],
  [
    'an address that was added to the bridge later',
    { networks: [network({ bridgeAddresses: [net('10.240.0.4/16'), net('10.240.9.9/16')] })] },
  ],
] as const) {
  test(`no problem: ${what}`, () => {
    const known = ['LEASE_MISSING', 'LEASE_ORPHAN'];
    const problems = all(node(changes as Partial<NodeFacts>)).filter(
      // B's or A's lease is not part of some of these changes.
      ({ code, found }) => !(known.includes(code) && found.includes('10.240.0.6')),
    );
    assert.deepEqual(problems, []);
  });
}
