/** Transactions of nf_tables against what `nft -f` sends for the same rules (test/fixtures/netlink). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ipv4Bytes, parseIpv4 } from '../../../../src/net/ipv4.ts';
import { macBytes, parseMac } from '../../../../src/net/mac.ts';
import { NftTransaction, TYPE_ETHER, TYPE_IPV4 } from '../../../../src/net/nft/transaction.ts';
import { rulesOf } from '../../../../src/vnet/l2-expressions.ts';
import { capturedRequest } from '../../../fixtures/netlink/load.ts';
import {
  answer,
  datagram,
  EEXIST,
  ENOENT,
  EOPNOTSUPP,
  type Kernel,
  WILLING,
  wireTo,
} from '../netlink/kernel.ts';
import { assertSame, type Fields, takeApart } from '../netlink/tree.ts';

const UPLINK = { bridge: 'azure0', nicIndex: 2, nicMac: known(parseMac('00:0d:3a:f0:00:04')), viaHost: [] };
const KEY = ipv4Bytes(known(parseIpv4('10.240.0.5')));
const POD_MAC = macBytes(known(parseMac('02:0d:0a:f0:00:05')));

type Allowed = Readonly<Record<string, string>>;

const ACKNOWLEDGED: Allowed = { 'flag 0x4 - → on': 'the last message asks for an acknowledgement' };
const NOTES = 'notes of nft for itself, about the byte order in which it prints elements';

/** nft numbers the sets of a transaction; a name alone leads to the same set. */
function setByName(attribute: string, id: string): Allowed {
  return { [`${attribute} ${id} → -`]: 'the set is named, its number in the transaction is not needed' };
}

/** The expression at this place stores a field of the frame. */
function noChecksum(position: number): Allowed {
  const reason = 'said outright: no checksum covers the field';
  return Object.fromEntries([6, 7, 8].map((kind) => [`4/1#${position}/2/${kind} - → 00000000`, reason]));
}

test('table, sets, chains and rules are what nft -f says for ruleset.nft', () => {
  const transaction = new NftTransaction('azure-vnet').table();
  transaction.chain('prerouting', 0, -300).chain('postrouting', 4, 300);
  transaction.set('pod_macs', TYPE_IPV4, TYPE_ETHER).set('local_ips', TYPE_IPV4);
  rulesOf(UPLINK).forEach(({ chain, expressions }, i) => {
    transaction.rule(chain, `azure0 rule ${i + 1}`, expressions);
  });
  compare('nft-ruleset', sentBy(transaction), [
    {},
    { '2 00000000 → -': 'the table has no flags', 'flag 0x400 - → on': 'create it, as for all others' },
    {},
    {},
    { '13 000402000000010402000000060400000000 → -': NOTES },
    { '13 000402000000 → -': NOTES },
    { ...setByName('4/1#3/2/4', '00000001'), ...noChecksum(4) },
    { ...setByName('4/1#5/2/4', '00000001'), ...noChecksum(6) },
    setByName('4/1#7/2/4', '00000002'),
    noChecksum(5),
    { ...noChecksum(3), ...ACKNOWLEDGED },
    {},
  ]);
});

test('the rule for ipsToRouteViaHost is what nft -f says for via-host.nft', () => {
  const [rule] = rulesOf({ ...UPLINK, viaHost: [known(parseIpv4('10.0.0.10'))] });
  const transaction = new NftTransaction('azure-vnet').set('via_host_ips', TYPE_IPV4);
  transaction.rule('prerouting', 'azure0 rule 1', known(rule).expressions);
  compare('nft-via-host', sentBy(transaction), [
    {},
    { '13 000402000000 → -': NOTES },
    { ...setByName('4/1#5/2/4', '00000001'), ...noChecksum(7), ...noChecksum(9), ...ACKNOWLEDGED },
    {},
  ]);
});

test('addElement() of a map and of a set are what nft add element says', () => {
  const transaction = new NftTransaction('azure-vnet');
  transaction.addElement('pod_macs', { key: KEY, value: POD_MAC }).addElement('local_ips', { key: KEY });
  const named = [setByName('4', '00000001'), { ...setByName('4', '00000002'), ...ACKNOWLEDGED }];
  compare('nft-element-add', sentBy(transaction), [{}, ...named, {}]);
});

test('deleteElement() is what nft delete element says', () => {
  const transaction = new NftTransaction('azure-vnet');
  transaction.deleteElement('pod_macs', KEY).deleteElement('local_ips', KEY);
  compare('nft-element-delete', sentBy(transaction), [{}, {}, ACKNOWLEDGED, {}]);
});

test('deleteRule() is what nft delete rule says', () => {
  const handle = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 6);
  const transaction = new NftTransaction('azure-vnet').deleteRule('prerouting', handle);
  compare('nft-rule-delete', sentBy(transaction), [{}, ACKNOWLEDGED, {}]);
});

test('deleteTable() is what nft delete table says', () => {
  const transaction = new NftTransaction('azure-vnet').deleteTable();
  compare('nft-table-delete', sentBy(transaction), [{}, ACKNOWLEDGED, {}]);
});

test('commit() of nothing sends nothing', () => {
  const { socket, sent } = wireTo(() => assert.fail('nothing is sent'));
  assert.deepEqual(new NftTransaction('azure-vnet').commit(socket), []);
  assert.equal(sent.length, 0);
});

test('commit() labels each refusal with what its message is about', () => {
  const refuse: Kernel = (request) => [
    datagram(
      ...request
        .slice(1, -1)
        .map(({ sequence }, i) => answer(sequence, [ENOENT, EEXIST, ENOENT, 0][i] ?? assert.fail())),
    ),
  ];
  const transaction = new NftTransaction('azure-vnet').addElement('pod_macs', { key: KEY, value: POD_MAC });
  transaction
    .rule('prerouting', 'azure0 rule 1', () => undefined)
    .deleteRule('postrouting', new Uint8Array(8));
  assert.deepEqual(transaction.table().commit(wireTo(refuse).socket), [
    { index: 1, errno: 'ENOENT', label: 'element of pod_macs' },
    { index: 2, errno: 'EEXIST', label: 'rule "azure0 rule 1"' },
    { index: 3, errno: 'ENOENT', label: 'rule of postrouting' },
  ]);
});

test('commit() says that the transaction was refused when its begin was', () => {
  const refuse: Kernel = ([begin]) => [datagram(answer(known(begin).sequence, EOPNOTSUPP))];
  assert.deepEqual(new NftTransaction('azure-vnet').table().commit(wireTo(refuse).socket), [
    { index: 0, errno: 'EOPNOTSUPP', label: 'transaction' },
  ]);
});

function sentBy(transaction: NftTransaction): Fields[] {
  const { socket, sent } = wireTo(WILLING);
  assert.deepEqual(transaction.commit(socket), []);
  return takeApart(...sent);
}

/** Message by message, with what may differ in each. */
function compare(name: string, ours: readonly Fields[], allowed: readonly Allowed[]): void {
  const theirs = takeApart(...capturedRequest(name));
  assert.deepEqual([ours.length, allowed.length], [theirs.length, theirs.length]);
  theirs.forEach((message, i) => {
    assertSame(message, known(ours[i]), allowed[i]);
  });
}

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}
