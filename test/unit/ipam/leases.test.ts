import assert from 'node:assert/strict';
import test from 'node:test';
import { LEASES_DIR, Leases } from '../../../src/ipam/leases.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const FACTS = { network: 'azure', pool: '10.0.0.0/24 (eth0)' };
const X = parseIpv4('10.0.0.5') as Ipv4;
const Y = parseIpv4('10.0.0.6') as Ipv4;
const eth = (containerId: string, ifname = 'eth0') => ({ containerId, ifname });

test('Leases.take() makes one readable file that has the whole key', () => {
  const world = new FakeWorld();
  const leases = new Leases(world.process());
  leases.take(X, eth('c1'), { ...FACTS, podName: 'p', podNamespace: 'ns' });
  assert.deepEqual(world.list(LEASES_DIR), ['10.0.0.5@c1@eth0']);
  assert.deepEqual(JSON.parse(world.read(`${LEASES_DIR}/10.0.0.5@c1@eth0`)), {
    address: '10.0.0.5',
    containerId: 'c1',
    ifname: 'eth0',
    ...FACTS,
    podName: 'p',
    podNamespace: 'ns',
    sinceMs: world.nowMs,
  });
  assert.equal(leases.stateOf(X), 'leased');
  assert.equal(leases.stateOf(Y), 'unused');
});

test('Leases.release() is one rename, take() replaces the release', () => {
  const world = new FakeWorld();
  new Leases(world.process()).take(X, eth('c1'), FACTS);
  world.nowMs += 5000;
  const renames: unknown[] = [];
  const sys = world.process({
    fault: ({ name }) => {
      renames.push(name);
      return undefined;
    },
  });
  const leases = new Leases(sys);
  leases.release(X);
  assert.deepEqual(renames, ['readdir', 'rename']);
  assert.deepEqual(world.list(LEASES_DIR), [`~${world.nowMs}@10.0.0.5`]);
  for (const view of [leases, new Leases(world.process())]) {
    const state = view.stateOf(X);
    assert.equal(typeof state === 'object' && state.sinceMs, world.nowMs);
  }
  leases.take(X, eth('c2'), FACTS);
  assert.deepEqual(world.list(LEASES_DIR), ['10.0.0.5@c2@eth0']);
});

test('Leases.release() leaves the lease of an interface that is called like the address', () => {
  const world = new FakeWorld();
  const leases = new Leases(world.process());
  leases.take(X, eth('c1'), FACTS);
  leases.take(Y, eth('c2', '10.0.0.5'), FACTS);
  leases.release(X);
  assert.equal(leases.stateOf(Y), 'leased');
  assert.equal(new Leases(world.process()).stateOf(Y), 'leased');
});

test('Leases finds what an attachment has and opens no other file', () => {
  const world = new FakeWorld();
  const leases = new Leases(world.process());
  leases.take(Y, eth('c1'), FACTS);
  leases.take(X, eth('c1', 'net1'), FACTS);
  const sys = world.process();
  const again = new Leases(sys);
  assert.deepEqual(again.addressesOf(eth('1'), FACTS.network), []);
  assert.deepEqual(again.addressesOf(eth('c1', 'th0'), FACTS.network), []);
  assert.equal(again.holderOf(X), 'container c1 (net1)');
  assert.equal(sys.calls, 1);
  assert.deepEqual(again.addressesOf(eth('c1'), FACTS.network).map(formatIpv4), ['10.0.0.6']);
  assert.deepEqual(again.addressesOf(eth('c1', 'net1'), FACTS.network).map(formatIpv4), ['10.0.0.5']);
  assert.deepEqual(again.addressesOf(eth('c1'), 'another'), [], 'the same key in another network');
});

test('Leases tells attachments with long and odd names apart', () => {
  const world = new FakeWorld();
  const leases = new Leases(world.process());
  const attachments = [
    eth(`${'x'.repeat(250)}a`),
    eth(`${'x'.repeat(250)}b`),
    eth('c', 'a@b'),
    eth('c@a', 'b'),
    eth('c', '../x'),
    eth('.c', '~'),
    eth('c', '%40'),
  ];
  for (const [i, attachment] of attachments.entries()) leases.take((X + i) as Ipv4, attachment, FACTS);
  const again = new Leases(world.process());
  for (const [i, attachment] of attachments.entries())
    assert.deepEqual(again.addressesOf(attachment, FACTS.network), [X + i]);
  assert.deepEqual(
    [...again.all()].map(({ attachment }) => attachment),
    attachments,
  );
  assert.equal(world.list(LEASES_DIR).length, attachments.length);
});

test('Leases: of a lease and a release of one address, as a crash leaves them, the lease counts', () => {
  const world = new FakeWorld();
  const leases = new Leases(world.process());
  leases.take(X, eth('c1'), FACTS);
  world.write(`${LEASES_DIR}/~5@10.0.0.5`, '');
  const again = new Leases(world.process());
  assert.equal(again.stateOf(X), 'leased');
  again.release(X);
  assert.deepEqual(again.addressesOf(eth('c1'), FACTS.network), []);
});

test('Leases.tidy() removes older releases of one address', () => {
  const world = new FakeWorld();
  for (const name of ['~100@10.0.0.5', '~300@10.0.0.5', '~200@10.0.0.5', '~x@10.0.0.6']) {
    world.write(`${LEASES_DIR}/${name}`, '');
  }
  const leases = new Leases(world.process());
  assert.deepEqual(leases.stateOf(X), { sinceMs: 300, name: '~300@10.0.0.5' });
  leases.tidy();
  assert.deepEqual(world.list(LEASES_DIR), ['~300@10.0.0.5']);
});

test('Leases.forgetUnknown() forgets old releases of unknown addresses only', () => {
  const world = new FakeWorld();
  for (const name of ['~100@10.0.0.5', '~100@10.0.0.6', '~900@10.0.0.7', '10.0.0.8@c@eth0']) {
    world.write(`${LEASES_DIR}/${name}`, '{}');
  }
  new Leases(world.process()).forgetUnknown((address) => address === X, 500);
  assert.deepEqual(world.list(LEASES_DIR), ['10.0.0.8@c@eth0', '~100@10.0.0.5', '~900@10.0.0.7']);
});

test('Leases ignores files that are not its own', () => {
  const world = new FakeWorld();
  for (const name of ['README', 'nonsense@c1@eth0', '999.0.0.1@c1@eth0']) {
    world.write(`${LEASES_DIR}/${name}`, '');
  }
  const leases = new Leases(world.process());
  assert.deepEqual(leases.addressesOf(eth('c1'), FACTS.network), []);
  assert.deepEqual([...leases.all()], []);
});
