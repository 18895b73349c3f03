import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { sha1Hex } from '../../../src/vnet/sha1.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('sha1Hex() gives the digests of RFC 3174 §7.3', () => {
  const cases = [
    ['abc', 1, 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      1,
      '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
    ],
    ['a', 1_000_000, '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
    [
      '0123456701234567012345670123456701234567012345670123456701234567',
      10,
      'dea356a2cddd90c7a7ecedc5ebb563934f460452',
    ],
  ] as const;
  for (const [text, times, digest] of cases) assert.equal(sha1Hex(bytes(text.repeat(times))), digest);
});

test('sha1Hex() gives what node:crypto gives, at every length around the block size', () => {
  for (let length = 0; length <= 200; length++) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    assert.equal(sha1Hex(message), createHash('sha1').update(message).digest('hex'), `length ${length}`);
  }
});

test('sha1Hex() gives what node:crypto gives for anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (message) => {
      assert.equal(sha1Hex(message), createHash('sha1').update(message).digest('hex'));
    }),
  );
});
