import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import {
  forEachAttr,
  type NetlinkMessage,
  readAttrs,
  readMessages,
  stringOf,
  u16At,
  u32At,
} from '../../../../src/net/netlink/reader.ts';
import { parseAddress } from '../../../../src/net/rtnl/address.ts';
import { parseLink } from '../../../../src/net/rtnl/link.ts';
import { parseRoute } from '../../../../src/net/rtnl/route.ts';
import { allCaptured } from '../../../fixtures/netlink/load.ts';
import { datagram } from './kernel.ts';

const CAPTURED = allCaptured();
const PARSERS: readonly ((message: NetlinkMessage) => unknown)[] = [parseLink, parseAddress, parseRoute];

/** Anything that could arrive: noise, a captured datagram that is cut off or has some bits turned over. */
function damaged(): fc.Arbitrary<Uint8Array> {
  const captured = fc.constantFrom(...CAPTURED);
  const cut = fc.tuple(captured, fc.nat()).map(([bytes, at]) => bytes.slice(0, at % (bytes.length + 1)));
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 12 });
  const flipped = fc.tuple(captured, flips).map(([bytes, where]) => {
    const copy = bytes.slice();
    for (const [at, bit] of where) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit);
    return copy;
  });
  return fc.oneof(fc.uint8Array({ maxLength: 200 }), cut, flipped);
}

/** The same bytes in the middle of a larger buffer: what lies around them must never be seen. */
function surrounded(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.length + 64).fill(0xaa);
  larger.set(bytes, 32);
  return larger.subarray(32, 32 + bytes.length);
}

/** Within the buffer and the part of it that was given. */
function assertInside(part: Uint8Array, whole: Uint8Array): void {
  assert.equal(part.buffer, whole.buffer);
  assert.ok(part.byteOffset >= whole.byteOffset);
  assert.ok(part.byteOffset + part.length <= whole.byteOffset + whole.length);
}

test('readMessages() and forEachAttr() give parts of what was given, in order, and end', () => {
  fc.assert(
    fc.property(damaged(), fc.nat(40), (bytes, offset) => {
      const whole = surrounded(bytes);
      let end = whole.byteOffset;
      for (const { payload } of readMessages(whole)) {
        assertInside(payload, whole);
        assert.ok(payload.byteOffset >= end + 16);
        end = payload.byteOffset + payload.length;
      }
      end = whole.byteOffset + offset;
      forEachAttr(whole, offset, (type, value) => {
        assertInside(value, whole);
        assert.ok(type <= 0x3fff && value.byteOffset >= end + 4);
        end = value.byteOffset + value.length;
      });
    }),
    { numRuns: 1000 },
  );
});

test('the parsers of links, addresses and routes throw at nothing, and read the same wherever it lies', () => {
  fc.assert(
    fc.property(damaged(), (bytes) => {
      const messages = readMessages(bytes);
      const moved = readMessages(surrounded(bytes));
      for (const parse of PARSERS) assert.deepEqual(moved.map(parse), messages.map(parse));
    }),
    { numRuns: 1000 },
  );
});

test('the parsers of links, addresses and routes refuse a payload that is too short for the header', () => {
  for (let length = 0; length < 12; length++) {
    const [message] = readMessages(datagram({ type: 16, sequence: 1, payload: new Uint8Array(length) }));
    assert.ok(message !== undefined);
    assert.equal(parseLink(message), undefined);
    assert.equal(parseAddress(message), undefined);
    assert.equal(parseRoute(message), undefined);
  }
});

test('parseAddress() refuses an address whose length is not that of its family', () => {
  for (const [family, length] of [
    [2, 16],
    [2, 3],
    [10, 4],
    [10, 0],
  ] as const) {
    const attribute = [4 + length, 0, 2, 0, ...new Array<number>((length + 3) & ~3).fill(1)];
    const payload = Uint8Array.from([family, 24, 0, 0, 2, 0, 0, 0, ...attribute]);
    assert.equal(parseAddress({ type: 20, flags: 0, sequence: 1, payload }), undefined);
  }
});

test('readMessages() leaves a truncated message out, keeps those before', () => {
  const whole = datagram(
    { type: 5, sequence: 1, payload: Uint8Array.of(1, 2, 3) },
    { type: 6, sequence: 2, payload: Uint8Array.of(4) },
  );
  for (let length = 0; length < 20; length++) {
    const expected = length < 19 ? [] : [5];
    assert.deepEqual(
      readMessages(whole.subarray(0, length)).map(({ type }) => type),
      expected,
    );
  }
  assert.deepEqual(
    readMessages(whole.subarray(0, 37)).map(({ type, sequence, payload }) => [type, sequence, [...payload]]),
    [
      [5, 1, [1, 2, 3]],
      [6, 2, [4]],
    ],
  );
});

test('readMessages() ends at a length below that of the header', () => {
  for (const length of [0, 1, 15]) {
    const bytes = datagram({ type: 5, sequence: 1 }, { type: 6, sequence: 2 });
    new DataView(bytes.buffer).setUint32(16, length, true);
    assert.deepEqual(
      readMessages(bytes).map(({ type }) => type),
      [5],
    );
  }
});

test('forEachAttr() ends at an attribute that is shorter than its header or longer than what is left', () => {
  for (const length of [0, 3, 13]) {
    const types: number[] = [];
    forEachAttr(Uint8Array.of(5, 0, 1, 0, 9, 0, 0, 0, length, 0, 2, 0, 1, 1, 1, 1), 0, (type) =>
      types.push(type),
    );
    assert.deepEqual(types, [1]);
  }
});

test('readAttrs() takes NLA_F_NESTED and NLA_F_NET_BYTEORDER off, the last of a kind wins', () => {
  const attrs = readAttrs(Uint8Array.of(5, 0, 7, 0x80, 1, 0, 0, 0, 5, 0, 7, 0x40, 2, 0, 0, 0), 0);
  assert.deepEqual(
    [...attrs].map(([type, value]) => [type, ...value]),
    [[7, 2]],
  );
});

test('u16At() and u32At() read numbers, nothing where there are not enough bytes', () => {
  const bytes = Uint8Array.of(0, 1, 2, 3, 0x84);
  assert.deepEqual([u16At(bytes, 1), u32At(bytes, 1)], [0x0201, 0x84030201]);
  assert.deepEqual([u16At(bytes, 4), u32At(bytes, 2)], [undefined, undefined]);
  assert.deepEqual([u16At(undefined), u32At(undefined)], [undefined, undefined]);
});

test('stringOf() reads up to the NUL, or to the end where there is none', () => {
  assert.equal(stringOf(Uint8Array.of(0x61, 0x62, 0, 0x63)), 'ab');
  assert.equal(stringOf(Uint8Array.of(0x61)), 'a');
  assert.equal(stringOf(new Uint8Array()), '');
  assert.equal(stringOf(undefined), undefined);
});
