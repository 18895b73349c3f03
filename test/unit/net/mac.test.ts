import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { macBytes, macFromBytes, parseMac } from '../../../src/net/mac.ts';

const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

test('parseMac() reads colons, dashes and the bare digits of the wireserver', () => {
  for (const text of ['00:0D:3A:0a:0B:0C', '00-0d-3a-0a-0b-0c', '000D3A0A0B0C', '000d3a0a0b0c']) {
    assert.equal(parseMac(text), '00:0d:3a:0a:0b:0c');
  }
});

test('parseMac() refuses everything else', () => {
  const cases = [
    '',
    '*',
    '00:0d:3a:0a:0b',
    '00:0d:3a:0a:0b:0c:0d',
    '00:0d:3a:0a:0b:',
    ':00:0d:3a:0a:0b:0c',
    '0:d:3a:a:b:c',
    '00:0d-3a:0a-0b:0c',
    '00:0d:3a0a:0b:0c',
    '000d.3a0a.0b0c',
    '000D3A0A0B0',
    '000D3A0A0B0C0',
    '000D3A0A0B0G',
    '00:0d:3a:0a:0b:0g',
    '00 0d 3a 0a 0b 0c',
    ' 000D3A0A0B0C',
    '000D3A0A0B0C\n',
    '0x0D3A0A0B0C',
    '００0D3A0A0B0C',
  ];
  for (const text of cases) assert.equal(parseMac(text), undefined, JSON.stringify(text));
});

test('macFromBytes() is lower case with colons and macBytes() its inverse', () => {
  assert.equal(macFromBytes(Uint8Array.of(0, 13, 58, 10, 11, 255)), '00:0d:3a:0a:0b:ff');
  fc.assert(
    fc.property(bytes, (value) => {
      const mac = macFromBytes(value);
      assert.deepEqual(macBytes(mac), value);
      assert.equal(parseMac(mac), mac);
      assert.equal(parseMac(mac.toUpperCase().replaceAll(':', '')), mac);
      assert.equal(parseMac(mac.replaceAll(':', '-')), mac);
    }),
  );
});

test('macFromBytes() refuses another number of bytes', () => {
  for (const length of [0, 5, 7]) {
    assert.throws(() => macFromBytes(new Uint8Array(length)), /Internal error: expected 6/);
  }
});
