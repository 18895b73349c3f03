import assert from 'node:assert/strict';
import test from 'node:test';
import type { NetlinkSocket } from '../../../src/net/netlink/socket.ts';
import {
  addPodElements,
  ensureRules,
  missingElement,
  podElements,
  removePodElements,
  removeRules,
  rulesPresent,
  wrongRule,
} from '../../../src/vnet/l2-rules.ts';
import { EOPNOTSUPP, wireTo } from '../net/netlink/kernel.ts';
import { FakeNft } from './fake-nft.ts';
import { ip, mac } from './hosts.ts';

const UPLINK = { bridge: 'azure0', nicIndex: 2, nicMac: mac('00:0d:3a:f0:00:04'), viaHost: [] };
const SECOND = { bridge: 'azure3', nicIndex: 3, nicMac: mac('00:0d:3a:f1:00:04'), viaHost: [] };
const NODE = ip('10.240.0.4');
const POD = ip('10.240.0.5');
const OTHER = ip('10.240.0.6');
const [NODE_KEY, POD_KEY, OTHER_KEY] = ['0af00004', '0af00005', '0af00006'];

function setUp(): { nft: FakeNft; socket: NetlinkSocket } {
  const nft = new FakeNft();
  return { nft, socket: wireTo(nft.kernel).socket };
}

/** With the rules of both bridges and the pod. */
function withRules() {
  const { nft, socket } = setUp();
  assert.equal(ensureRules(socket, UPLINK, { node: [NODE], pods: [POD] }), undefined);
  assert.equal(ensureRules(socket, SECOND, { node: [], pods: [] }), undefined);
  return { nft, socket };
}

function comments({ bridge, nicIndex, nicMac }: typeof UPLINK, ...numbers: number[]): string[] {
  return numbers.map((number) => `${bridge} nic ${nicIndex} ${nicMac} rule ${number}`);
}

test('ensureRules() makes table, rules in order, and the elements of node and pods', () => {
  const { nft, socket } = setUp();
  assert.equal(rulesPresent(socket, UPLINK), false);
  assert.equal(ensureRules(socket, UPLINK, { node: [NODE], pods: [POD] }), undefined);
  assert.deepEqual(nft.comments('prerouting'), comments(UPLINK, 1, 2));
  assert.deepEqual(nft.comments('postrouting'), comments(UPLINK, 3, 4, 5));
  assert.deepEqual(nft.keys('pod_macs'), [POD_KEY]);
  assert.deepEqual(nft.keys('local_ips'), [NODE_KEY, POD_KEY]);
  assert.equal(nft.transactions, 1);
  assert.equal(rulesPresent(socket, UPLINK), true);
});

test('ensureRules() again changes nothing', () => {
  const { nft, socket } = withRules();
  const before = [nft.comments('prerouting'), nft.comments('postrouting'), nft.keys('local_ips')];
  assert.equal(ensureRules(socket, UPLINK, { node: [NODE], pods: [POD] }), undefined);
  assert.deepEqual([nft.comments('prerouting'), nft.comments('postrouting'), nft.keys('local_ips')], before);
});

test('ensureRules() replaces the rules of a NIC that has changed, not those of the other bridge', () => {
  const { nft, socket } = withRules();
  const changed = { ...UPLINK, nicIndex: 7 };
  assert.equal(rulesPresent(socket, changed), false);
  assert.equal(ensureRules(socket, changed, { node: [], pods: [] }), undefined);
  assert.deepEqual(nft.comments('prerouting'), [...comments(SECOND, 1, 2), ...comments(changed, 1, 2)]);
  assert.equal(rulesPresent(socket, SECOND), true);
  assert.deepEqual(nft.keys('pod_macs'), [POD_KEY], 'elements stay');
});

test('ensureRules() with ipsToRouteViaHost has one more rule, before the others, and its set', () => {
  const { nft, socket } = setUp();
  const via = { ...UPLINK, viaHost: [ip('10.0.0.10')] };
  assert.equal(ensureRules(socket, via, { node: [], pods: [] }), undefined);
  assert.deepEqual(nft.comments('prerouting'), comments(UPLINK, 1, 2, 3));
  assert.deepEqual(nft.keys('via_host_ips'), ['0a00000a']);
  assert.equal(rulesPresent(socket, UPLINK), false, 'without the setting the rules are others');
});

test('rulesPresent() sees a rule that is missing, one too many, and another order', () => {
  const { nft, socket } = withRules();
  nft.flush();
  assert.equal(rulesPresent(socket, UPLINK), false);
  assert.equal(ensureRules(socket, UPLINK, { node: [], pods: [] }), undefined);
  assert.equal(rulesPresent(socket, { ...UPLINK, nicMac: SECOND.nicMac }), false);
  assert.equal(rulesPresent(socket, UPLINK), true);
});

test('wrongRule() names the first that is missing', () => {
  const { nft, socket } = withRules();
  assert.equal(wrongRule(socket, UPLINK), undefined);
  nft.flush();
  assert.match(wrongRule(socket, UPLINK) ?? '', /^rule "azure0 nic .* rule 1" is missing$/);
});

test('a bridge whose name is the beginning of another’s has rules of its own', () => {
  const { nft, socket } = setUp();
  const [short, long] = [
    { ...UPLINK, bridge: 'azure1' },
    { ...SECOND, bridge: 'azure10' },
  ];
  assert.equal(ensureRules(socket, short, { node: [], pods: [] }), undefined);
  assert.equal(ensureRules(socket, long, { node: [], pods: [] }), undefined);
  assert.equal(removeRules(socket, 'azure1'), undefined);
  assert.deepEqual(nft.comments('prerouting'), comments(long, 1, 2));
});

test('ensureRules() names what nf_tables refused, and hints at the kernel modules', () => {
  const { nft, socket } = setUp();
  nft.refuseAll = EOPNOTSUPP;
  const failure = ensureRules(socket, UPLINK, { node: [], pods: [] });
  assert.equal(failure?.code, 'NETWORK_SETUP');
  assert.match(
    failure?.message ?? '',
    /refused the transaction of table bridge azure-vnet: EOPNOTSUPP; the kernel/,
  );
});

test('addPodElements() adds the pod to map and set in one transaction', () => {
  const { nft, socket } = withRules();
  const before = nft.transactions;
  assert.equal(addPodElements(socket, OTHER), 'added');
  assert.equal(nft.transactions, before + 1);
  assert.equal(missingElement(socket, OTHER), undefined);
  assert.deepEqual(podElements(socket).sort(), [POD, OTHER]);
});

test('addPodElements() finds the address taken, and changes nothing then', () => {
  const { nft, socket } = withRules();
  nft.lose('local_ips', POD_KEY);
  assert.equal(addPodElements(socket, POD), 'occupied');
  assert.deepEqual(nft.keys('local_ips'), [NODE_KEY]);
});

test('addPodElements() without the table says so; another refusal is a failure', () => {
  const { nft, socket } = setUp();
  assert.equal(addPodElements(socket, POD), 'missing');
  nft.refuseAll = EOPNOTSUPP;
  const outcome = addPodElements(socket, POD);
  assert.ok(typeof outcome !== 'string');
  assert.match(outcome.message, /refused the transaction: EOPNOTSUPP/);
});

test('removePodElements() removes the elements of these pods only', () => {
  const { nft, socket } = withRules();
  addPodElements(socket, OTHER);
  assert.equal(removePodElements(socket, [POD]), undefined);
  assert.deepEqual(nft.keys('pod_macs'), [OTHER_KEY]);
  assert.deepEqual(nft.keys('local_ips'), [NODE_KEY, OTHER_KEY]);
});

test('removePodElements() removes what is there, also when a part is missing', () => {
  const { nft, socket } = withRules();
  addPodElements(socket, OTHER);
  nft.lose('pod_macs', POD_KEY);
  nft.lose('local_ips', OTHER_KEY);
  assert.equal(removePodElements(socket, [POD, OTHER, ip('10.240.0.7')]), undefined);
  assert.deepEqual([nft.keys('pod_macs'), nft.keys('local_ips')], [[], [NODE_KEY]]);
});

test('removePodElements() ends where everything is missing, table included, and asks nothing for no pods', () => {
  const { nft, socket } = setUp();
  assert.equal(removePodElements(socket, [POD, OTHER]), undefined);
  const before = nft.transactions;
  assert.equal(removePodElements(socket, []), undefined);
  assert.equal(nft.transactions, before);
});

test('removePodElements() passes another refusal on', () => {
  const { nft, socket } = withRules();
  nft.refuseAll = EOPNOTSUPP;
  assert.match(removePodElements(socket, [POD])?.message ?? '', /refused the transaction: EOPNOTSUPP/);
});

test('missingElement() wants the map with the pod’s MAC, and the set', () => {
  const { nft, socket } = withRules();
  assert.equal(missingElement(socket, POD), undefined);
  assert.equal(missingElement(socket, OTHER), 'map pod_macs');
  assert.equal(missingElement(socket, NODE), 'map pod_macs', 'the node is in the set only');
  nft.lose('local_ips', POD_KEY);
  assert.equal(missingElement(socket, POD), 'set local_ips');
  nft.flush();
  assert.equal(missingElement(socket, POD), 'map pod_macs');
});

test('removeRules() removes those of a bridge, and the table with the last of them', () => {
  const { nft, socket } = withRules();
  assert.equal(removeRules(socket, 'azure0'), undefined);
  assert.equal(nft.exists, true);
  assert.equal(rulesPresent(socket, SECOND), true);
  assert.equal(removeRules(socket, 'azure3'), undefined);
  assert.equal(nft.exists, false);
  assert.equal(removeRules(socket, 'azure3'), undefined);
});
