import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import {
  formatIpv4,
  type Ipv4,
  ipv4Bytes,
  ipv4FromBytes,
  offsetIpv4,
  parseIpv4,
} from '../../../src/net/ipv4.ts';

const address = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);

test('parseIpv4() reads dotted decimal as one number', () => {
  assert.equal(parseIpv4('0.0.0.0'), 0);
  assert.equal(parseIpv4('255.255.255.255'), 0xffffffff);
  assert.equal(parseIpv4('128.0.0.0'), 0x80000000);
  assert.equal(parseIpv4('168.63.129.16'), 0xa83f8110);
});

test('parseIpv4() refuses every other notation of an address', () => {
  const cases = [
    '',
    ' ',
    '.',
    '...',
    '1',
    '1.2',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..3.4',
    '1...1',
    '1.2.3.4.5',
    '1.2.3.4.',
    '256.1.1.1',
    '1.1.1.256',
    '1.1.1.999',
    '1.1.1.1000',
    '010.0.0.1',
    '10.0.0.01',
    '00.0.0.0',
    '0x10.1.1.1',
    '0xa.0.0.1',
    '10.0.0.0x1',
    '1e1.0.0.1',
    '+1.2.3.4',
    '-1.2.3.4',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4\n',
    '\t1.2.3.4',
    '1. 2.3.4',
    '1.2.3.4\0',
    '1.2.3.4/24',
    '1.2.3.4:80',
    '1,2,3,4',
    '1。2。3。4',
    '١.٢.٣.٤',
    '１.2.3.4',
    '2130706433',
    '0x7f000001',
    '127.1',
    '::ffff:1.2.3.4',
    'a.b.c.d',
    'localhost',
    '1.2.3.4%eth0',
    'NaN.0.0.1',
    'Infinity',
  ];
  for (const text of cases) assert.equal(parseIpv4(text), undefined, JSON.stringify(text));
});

test('parseIpv4() reads what formatIpv4() writes', () => {
  fc.assert(fc.property(address, (value) => assert.equal(parseIpv4(formatIpv4(value)), value)));
});

test('parseIpv4() accepts a text only in the form in which formatIpv4() writes it', () => {
  const part = fc.oneof(
    fc.integer({ min: -1, max: 300 }).map(String),
    fc.constantFrom('', '00', '01', '0x1', '1 '),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 3, maxLength: 5 }), (parts) => {
      const text = parts.join('.');
      const value = parseIpv4(text);
      if (value !== undefined) assert.equal(formatIpv4(value), text);
    }),
    { numRuns: 2000 },
  );
});

test('ipv4Bytes() is network order and ipv4FromBytes() its inverse', () => {
  assert.deepEqual([...ipv4Bytes(0xa83f8110 as Ipv4)], [168, 63, 129, 16]);
  fc.assert(fc.property(address, (value) => assert.equal(ipv4FromBytes(ipv4Bytes(value)), value)));
  for (const length of [0, 3, 5, 16]) {
    assert.throws(() => ipv4FromBytes(new Uint8Array(length)), /Internal error: expected 4/);
  }
});

test('offsetIpv4() goes forth and back, and not over the ends', () => {
  assert.equal(offsetIpv4(0 as Ipv4, -1), undefined);
  assert.equal(offsetIpv4(0xffffffff as Ipv4, 1), undefined);
  assert.equal(offsetIpv4(0x7fffffff as Ipv4, 1), 0x80000000);
  fc.assert(
    fc.property(address, fc.integer({ min: -70_000, max: 70_000 }), (value, count) => {
      const moved = offsetIpv4(value, count);
      if (moved !== undefined) assert.equal(offsetIpv4(moved, -count), value);
      else assert.ok(value + count < 0 || value + count > 0xffffffff);
    }),
  );
});
