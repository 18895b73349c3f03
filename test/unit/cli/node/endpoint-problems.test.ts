/** Problems of pods: sandboxes, links, elements, leases, and work that was interrupted. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { endpointProblems } from '../../../../src/cli/node/endpoint-problems.ts';
import {
  B,
  endpoint,
  ID_B,
  ip,
  lease,
  link,
  NOW_MS,
  network,
  node,
  pool,
  record,
  withoutLink,
} from './facts.ts';
import { all, testProblems } from './problem-case.ts';

testProblems([
  [
    'a sandbox is gone',
    { endpoints: [endpoint({}, { sandbox: 'gone' }), endpoint(B)] },
    ['SANDBOX_GONE'],
    /sandbox \/run\/netns\/a of pod default\/a, container aaaaaaaaaaaa eth0 is gone/,
    /^azure-vnet gc --runtime containerd$/,
  ],
  [
    'a sandbox is the namespace of the node: the process id was used again',
    { endpoints: [endpoint({}, { sandbox: 'host' }), endpoint(B)] },
    ['SANDBOX_GONE'],
    /is the namespace of the node/,
    /gc/,
  ],
  [
    'the link of a record is gone',
    { endpoints: [withoutLink(endpoint({}, { hasElements: false })), endpoint(B)] },
    ['LINK_MISSING'],
    /azva is gone/,
    /^kubectl delete pod a --namespace default$/,
  ],
  [
    'the link of a container that is no pod is gone',
    { endpoints: [endpoint(), unnamed(withoutLink(endpoint(B)))] },
    ['LINK_MISSING'],
    /container bbbbbbbbbbbb eth0/,
    /^remove the container bbbbbbbbbbbb and start it again$/,
  ],
  [
    'a link is no port',
    { endpoints: [endpoint({}, { link: link({ name: 'azva', index: 10 }) }), endpoint(B)] },
    ['LINK_DETACHED'],
    /azva of pod default\/a/,
    /repair/,
  ],
  [
    'a link is down',
    {
      endpoints: [
        endpoint({}, { link: link({ name: 'azva', index: 10, masterIndex: 3, up: false }) }),
        endpoint(B),
      ],
    },
    ['LINK_DOWN'],
    /is down$/,
    /^ip link set azva up$/,
  ],
  [
    'an address is not in the rules',
    { endpoints: [endpoint({}, { hasElements: false }), endpoint(B)] },
    ['ELEMENTS_MISSING'],
    /^10\.240\.0\.5 of pod/,
    /repair/,
  ],
  [
    'no address is in the rules, because there are none',
    {
      networks: [network({ rulesComplete: false })],
      endpoints: [endpoint({}, { hasElements: false })],
      leases: [lease()],
    },
    ['RULES_INCOMPLETE'],
    /azure0/,
    /repair/,
  ],
  [
    'a link has no record',
    { strayLinks: [{ name: 'azvx', address: ip('10.240.0.8'), masterIndex: 3 }] },
    ['RECORD_MISSING'],
    /^azvx with the address 10\.240\.0\.8 has no record$/,
    /^azure-vnet gc --runtime containerd$/,
  ],
  [
    'an element belongs to nothing',
    { strayElements: [ip('10.240.0.8')] },
    ['ELEMENT_STRAY'],
    /^10\.240\.0\.8 is in table/,
    /gc/,
  ],
  [
    'a lease has no endpoint',
    { endpoints: [endpoint(B)] },
    ['LEASE_ORPHAN'],
    /^10\.240\.0\.5 is leased to pod default\/a/,
    /gc/,
  ],
  [
    'an endpoint has no lease',
    { leases: [lease({ address: ip('10.240.0.6'), containerId: ID_B })] },
    ['LEASE_MISSING'],
    /leased to nobody/,
    /repair/,
  ],
  [
    'somebody else has the lease',
    { leases: [lease({ containerId: 'x' }), lease({ address: ip('10.240.0.6'), containerId: ID_B })] },
    ['LEASE_MISSING'],
    /^10\.240\.0\.5 of pod default\/a, container a+ eth0 is leased to pod default\/a, container x eth0$/,
    /repair/,
  ],
  [
    'two containers have one address',
    {
      endpoints: [endpoint(), endpoint({ ...B, addresses: [ip('10.240.0.5')], ipamType: 'other' })],
      leases: [lease()],
    },
    ['ADDRESS_TWICE'],
    /^10\.240\.0\.5 belongs to .* and to .*bbbb/,
    /kubectl/,
  ],
  [
    'an ipconfig was taken off the NIC',
    { pools: [pool({ pool: { ...pool().pool, addresses: [ip('10.240.0.6')] } })] },
    ['ADDRESS_NOT_IN_POOL'],
    /^10\.240\.0\.5 of .* is no ipconfig of eth0 in 10\.240\.0\.0\/16 any more$/,
    /ipconfig/,
  ],
  [
    'an ADD was interrupted',
    { endpoints: [endpoint({ phase: 'adding' }), endpoint(B)] },
    ['ADD_INTERRUPTED'],
    /ADD of pod/,
    /gc/,
  ],
  [
    'a DEL was interrupted',
    { pending: [record({ containerId: 'c' })] },
    ['DEL_INTERRUPTED'],
    /DEL of/,
    /repair/,
  ],
  [
    'a record is damaged',
    { damaged: ['/run/azure-vnet/endpoints/x'] },
    ['RECORD_DAMAGED'],
    /\/x is damaged/,
    /repair/,
  ],
]);

test('a stray link is removed by hand where no runtime can be asked', () => {
  const stray = node({ strayLinks: [{ name: 'azvx', address: ip('10.240.0.8') }] });
  assert.match(endpointProblems(stray, 'netns')[0]?.mend ?? '', /ip link delete azvx$/);
});

test('a clock that was set back makes a record overdue', () => {
  const future = node({ pending: [record({ containerId: 'c', sinceMs: NOW_MS + 60_000 })] });
  assert.deepEqual(
    all(future).map(({ code }) => code),
    ['DEL_INTERRUPTED'],
  );
});

function unnamed(facts: ReturnType<typeof endpoint>): ReturnType<typeof endpoint> {
  const { podName: _, podNamespace: __, ...rest } = facts.record;
  return { ...facts, record: rest };
}
