/** What is read back of a table, against `nft -j -a list ruleset` at the same moment. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { formatIpv4, ipv4FromBytes } from '../../../../src/net/ipv4.ts';
import { macFromBytes } from '../../../../src/net/mac.ts';
import { type NetlinkMessage, readAttrs, stringOf } from '../../../../src/net/netlink/reader.ts';
import { NetlinkError } from '../../../../src/net/netlink/socket.ts';
import { listElements, listRules, tableExists } from '../../../../src/net/nft/read.ts';
import { capturedDump, capturedJson } from '../../../fixtures/netlink/load.ts';
import {
  answer,
  datagram,
  done,
  ENOENT,
  EOPNOTSUPP,
  type Kernel,
  replay,
  WILLING,
  wireTo,
} from '../netlink/kernel.ts';
import { takeApart } from '../netlink/tree.ts';

interface NftJson {
  readonly nftables: readonly {
    readonly rule?: { readonly chain: string; readonly handle: number; readonly comment: string };
    readonly map?: { readonly name: string; readonly elem: readonly (readonly [string, string])[] };
    readonly set?: { readonly name: string; readonly elem: readonly string[] };
  }[];
}

const NFT = 10 << 8;
const [NEWRULE, GETRULE, NEWSETELEM, GETSETELEM] = [NFT + 6, NFT + 7, NFT + 12, NFT + 13];
/** Attribute: the set of a list of elements. */
const ELEMENTS_SET = 2;

const listed = capturedJson<NftJson>('rules').nftables;

test('listRules() reads handle and comment of every rule as nft does', () => {
  for (const chain of ['prerouting', 'postrouting']) {
    const { socket } = wireTo(dumpOf(NEWRULE, () => true));
    const inChain = listRules(socket, 'azure-vnet').filter((rule) => rule.chain === chain);
    const ours = inChain.map(({ handle, comment }) => ({
      handle: Number(new DataView(handle.buffer, handle.byteOffset, 8).getBigUint64(0)),
      comment,
    }));
    const theirs = listed.flatMap(({ rule }) => (rule?.chain === chain ? [rule] : []));
    assert.ok(theirs.length >= 2);
    assert.deepEqual(
      ours,
      theirs.map(({ handle, comment }) => ({ handle, comment })),
    );
  }
});

test('listElements() reads keys and values as nft does', () => {
  const elementsOf = (set: string) =>
    listElements(wireTo(dumpOf(NEWSETELEM, named(set))).socket, 'azure-vnet', set) ?? assert.fail();
  assert.deepEqual(
    elementsOf('pod_macs')
      .map(({ key, value }) => [formatIpv4(ipv4FromBytes(key)), macFromBytes(value ?? new Uint8Array())])
      .sort(),
    listed.flatMap(({ map }) => map?.elem ?? []),
  );
  assert.deepEqual(
    elementsOf('local_ips')
      .map(({ key, value }) => [formatIpv4(ipv4FromBytes(key)), value])
      .sort(),
    listed.flatMap(({ set }) => set?.elem ?? []).map((address) => [address, undefined]),
  );
});

test('listRules() and listElements() ask for the table, and the set, of the bridge family', () => {
  const asked: Kernel = ([only]) => [datagram(done(only?.sequence ?? 0))];
  const { socket, sent } = wireTo(asked);
  listRules(socket, 'azure-vnet');
  listElements(socket, 'azure-vnet', 'pod_macs');
  const [rules, elements] = takeApart(...sent);
  const hex = (text: string) => Buffer.from(`${text}\0`).toString('hex');
  assert.deepEqual(
    [rules, elements].map((fields) => [fields?.get('type'), fields?.get('family'), fields?.get('1')]),
    [
      [String(GETRULE), '7', hex('azure-vnet')],
      [String(GETSETELEM), '7', hex('azure-vnet')],
    ],
  );
  assert.deepEqual([rules?.get('2'), elements?.get('2')], [undefined, hex('pod_macs')]);
});

test('what is missing: no rules, no elements; another refusal is thrown', () => {
  const refusing = (errno: number) =>
    wireTo(([only]) => [datagram(answer(only?.sequence ?? 0, errno))]).socket;
  assert.deepEqual(listRules(refusing(ENOENT), 'azure-vnet'), []);
  assert.equal(listElements(refusing(ENOENT), 'azure-vnet', 'pod_macs'), undefined);
  assert.equal(tableExists(refusing(ENOENT), 'azure-vnet'), false);
  const isUnsupported = (error: unknown) => error instanceof NetlinkError && error.errno === 'EOPNOTSUPP';
  assert.throws(() => listRules(refusing(EOPNOTSUPP), 'azure-vnet'), isUnsupported);
  assert.throws(() => listElements(refusing(EOPNOTSUPP), 'azure-vnet', 'pod_macs'), isUnsupported);
  assert.throws(() => tableExists(refusing(EOPNOTSUPP), 'azure-vnet'), isUnsupported);
});

test('tableExists() is true when the kernel answers with the table', () => {
  const kernel: Kernel = ([only]) => [
    datagram({ type: NFT, sequence: only?.sequence ?? 0, payload: new Uint8Array(4) }),
    ...WILLING(only === undefined ? [] : [only]),
  ];
  assert.equal(tableExists(wireTo(kernel).socket, 'azure-vnet'), true);
});

test('listRules() finds the comment behind other notes, and none where there is none', () => {
  const commentIn = (...userData: number[]) => {
    const attribute = [4 + userData.length, 0, 7, 0, ...userData, 0, 0, 0].slice(
      0,
      (7 + userData.length) & ~3,
    );
    const payload = Uint8Array.from([7, 0, 0, 0, ...attribute]);
    const { socket } = wireTo(([only]) =>
      replay([{ type: NEWRULE, flags: 0, sequence: 0, payload }], only?.sequence ?? 0),
    );
    return listRules(socket, 't')[0]?.comment;
  };
  assert.equal(commentIn(1, 2, 9, 9, 0, 3, 0x68, 0x69, 0), 'hi');
  assert.equal(commentIn(1, 2, 9, 9), '');
  assert.equal(commentIn(0, 1, 0), '');
  assert.equal(commentIn(0, 0), '');
  assert.equal(commentIn(0), '');
  assert.equal(commentIn(0, 200, 0x68), '', 'a length beyond the end');
});

test('listRules() and listElements() throw at nothing that a kernel could answer', () => {
  const captured = capturedDump('rules').map(({ payload }) => payload);
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 10 });
  const flipped = fc.tuple(fc.constantFrom(...captured), flips).map(([bytes, where]) => {
    const copy = bytes.slice();
    for (const [at, bit] of where) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit);
    return copy;
  });
  const cut = fc.tuple(fc.constantFrom(...captured), fc.nat(400)).map(([bytes, end]) => bytes.slice(0, end));
  fc.assert(
    fc.property(fc.oneof(flipped, cut, fc.uint8Array({ maxLength: 60 })), (payload) => {
      const messages = [{ type: NEWRULE, flags: 0, sequence: 0, payload }];
      const { socket } = wireTo(([only]) => replay(messages, only?.sequence ?? 0));
      listRules(socket, 'azure-vnet');
      listElements(socket, 'azure-vnet', 'pod_macs');
    }),
    { numRuns: 500 },
  );
});

type Attrs = ReadonlyMap<number, Uint8Array>;

/** Answers a dump with the captured messages of this type that are wanted. */
function dumpOf(type: number, wanted: (attrs: Attrs) => boolean): Kernel {
  const isWanted = (message: NetlinkMessage) =>
    message.type === type && wanted(readAttrs(message.payload, 4));
  return ([only]) => replay(capturedDump('rules').filter(isWanted), only?.sequence ?? 0);
}

function named(set: string): (attrs: Attrs) => boolean {
  return (attrs) => stringOf(attrs.get(ELEMENTS_SET)) === set;
}
