import assert from 'node:assert/strict';
import test from 'node:test';
import { type GcScope, planGc, type Running, UNLISTED_GRACE_MS } from '../../../../src/cli/gc/plan.ts';
import { describeRemains } from '../../../../src/cli/gc/remains.ts';
import type { NodeFacts } from '../../../../src/cli/node/facts.ts';
import { ADD_LIMIT_MS, DEL_LIMIT_MS } from '../../../../src/cli/node/limits.ts';
import { B, endpoint, ID_A, ID_B, ip, lease, NOW_MS, node, record } from '../node/facts.ts';

const SCOPE: GcScope = {
  networks: ['azure'],
  hostVethName: (network, { containerId, ifname }) => `azv-${network}-${containerId.slice(0, 1)}-${ifname}`,
};
const BY_SANDBOX: Running = { by: 'sandbox' };
const listed = (...ids: string[]): Running => ({ by: 'id', runtime: 'docker', ids: new Set(ids) });

const plan = (facts: Partial<NodeFacts>, running: Running, scope = SCOPE): string[] =>
  planGc(node(facts), running, scope).map(
    (remains) => `${remains.kind} ${describeRemains(remains)}: ${remains.why}`,
  );

const ENDPOINT_A = 'endpoint 10.240.0.5 of pod default/a, container aaaaaaaaaaaa eth0 in network azure';

test('planGc() removes nothing of a node where everything runs', () => {
  assert.deepEqual(plan({}, BY_SANDBOX), []);
  assert.deepEqual(plan({}, listed(ID_A, ID_B)), []);
});

test('planGc() by sandbox removes what has lost it', () => {
  for (const sandbox of ['gone', 'other', 'host'] as const) {
    assert.deepEqual(plan({ endpoints: [endpoint({}, { sandbox }), endpoint(B)] }, BY_SANDBOX), [
      `${ENDPOINT_A}: its sandbox /run/netns/a is gone`,
    ]);
  }
});

test('planGc() by id removes what the runtime does not list', () => {
  assert.deepEqual(plan({}, listed(ID_B)), [`${ENDPOINT_A}: docker has no such container`]);
  assert.equal(plan({}, listed()).length, 2);
});

test('planGc() by id keeps what the runtime lists, also without its sandbox', () => {
  assert.deepEqual(
    plan({ endpoints: [endpoint({}, { sandbox: 'gone' }), endpoint(B)] }, listed(ID_A, ID_B)),
    [],
  );
});

test('planGc() by id waits for a container whose sandbox is there', () => {
  const young = (ageMs: number, sandbox: 'namespace' | 'gone') => ({
    endpoints: [endpoint({ sinceMs: NOW_MS - ageMs }, { sandbox }), endpoint(B)],
  });
  assert.deepEqual(plan(young(UNLISTED_GRACE_MS - 1, 'namespace'), listed(ID_B)), []);
  assert.equal(plan(young(UNLISTED_GRACE_MS, 'namespace'), listed(ID_B)).length, 1);
  assert.equal(plan(young(1, 'gone'), listed(ID_B)).length, 1);
});

test('planGc() leaves an ADD that is under way and removes one that was interrupted', () => {
  const adding = (ageMs: number) => ({
    endpoints: [endpoint({ phase: 'adding', sinceMs: NOW_MS - ageMs }, { sandbox: 'gone' }), endpoint(B)],
  });
  for (const running of [BY_SANDBOX, listed(ID_B)]) {
    assert.deepEqual(plan(adding(ADD_LIMIT_MS - 1), running), []);
    assert.deepEqual(plan(adding(ADD_LIMIT_MS), running), [`${ENDPOINT_A}: its ADD was interrupted`]);
    assert.equal(plan(adding(-1000), running).length, 1, 'the clock was set back');
  }
});

test('planGc() completes a DEL that was interrupted, whatever runs', () => {
  const pending = (ageMs: number) => ({
    pending: [record({ containerId: 'c', hostVeth: 'azvc', addresses: [], sinceMs: NOW_MS - ageMs })],
  });
  for (const running of [BY_SANDBOX, listed(ID_A, ID_B, 'c')]) {
    assert.deepEqual(plan(pending(DEL_LIMIT_MS - 1), running), []);
    assert.deepEqual(plan(pending(DEL_LIMIT_MS), running), [
      'deletion link azvc of pod default/a, container c eth0: its DEL was interrupted',
    ]);
  }
});

const STRAY = { name: 'azv-azure-c-eth0', address: ip('10.240.0.7'), masterIndex: 3 };

test('planGc() by id knows by its name whose a link without a record is', () => {
  assert.deepEqual(plan({ strayLinks: [STRAY] }, listed(ID_A, ID_B, 'c')), []);
  const removed = planGc(node({ strayLinks: [STRAY] }), listed(ID_A, ID_B), SCOPE);
  assert.deepEqual(removed, [
    { kind: 'link', link: STRAY, bridge: 'azure0', why: 'docker has no container for it' },
  ]);
  const loose = { name: 'azv-x', address: ip('10.240.0.7') };
  assert.deepEqual(planGc(node({ strayLinks: [loose] }), listed(ID_A, ID_B), SCOPE), [
    { kind: 'link', link: loose, bridge: '', why: 'docker has no container for it' },
  ]);
});

test('planGc() by sandbox leaves links without a record, and the leases of their addresses', () => {
  const unknown = lease({ address: STRAY.address, containerId: STRAY.name, ifname: 'unknown' });
  assert.deepEqual(plan({ strayLinks: [STRAY], leases: [...node().leases, unknown] }, BY_SANDBOX), []);
});

test('planGc() removes elements that belong to nothing', () => {
  assert.deepEqual(plan({ strayElements: [ip('10.240.0.8')] }, BY_SANDBOX), [
    'element element 10.240.0.8 of table bridge azure-vnet: no pod has the address',
  ]);
});

test('planGc() gives back leases that no endpoint has', () => {
  const orphan = (changes: object = {}) => ({
    leases: [...node().leases, lease({ address: ip('10.240.0.7'), containerId: 'c', ...changes })],
  });
  const expected = ['lease lease of 10.240.0.7 by pod default/a, container c eth0: no endpoint has it'];
  assert.deepEqual(plan(orphan(), BY_SANDBOX), expected);
  assert.deepEqual(plan(orphan(), listed(ID_A, ID_B)), expected);
  assert.deepEqual(plan(orphan(), listed(ID_A, ID_B, 'c')), [], 'it runs');
  assert.deepEqual(plan(orphan({ network: 'of-another-plugin' }), BY_SANDBOX), []);
  assert.deepEqual(
    plan(orphan({ sinceMs: NOW_MS - ADD_LIMIT_MS + 1 }), BY_SANDBOX),
    [],
    'its ADD is under way',
  );
});

test('planGc() gives back the lease of a removed endpoint with it, not twice', () => {
  const gone = { endpoints: [endpoint({}, { sandbox: 'gone' as const }), endpoint(B)] };
  assert.equal(plan(gone, BY_SANDBOX).length, 1);
});

test('planGc() stays within its networks', () => {
  const facts = {
    endpoints: [endpoint({ network: 'other' }, { sandbox: 'gone' as const })],
    pending: [record({ network: 'other', containerId: 'c' })],
    leases: [lease({ network: 'other', containerId: 'd' })],
  };
  assert.deepEqual(plan(facts, BY_SANDBOX), []);
  assert.equal(plan(facts, BY_SANDBOX, { ...SCOPE, networks: ['other'] }).length, 3);
});
