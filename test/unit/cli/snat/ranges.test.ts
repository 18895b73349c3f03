import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { formatRanges } from '../../../../src/cli/snat/plan.ts';
import { MAX_RANGES, parseRanges } from '../../../../src/cli/snat/ranges.ts';
import { cidrContains, networkOf } from '../../../../src/net/cidr.ts';
import type { Ipv4 } from '../../../../src/net/ipv4.ts';

for (const [text, expected] of [
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['192.168.0.0/16,10.0.0.0/8', '10.0.0.0/8, 192.168.0.0/16'],
  ['10.0.0.0/8,10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.0.0/16,10.0.0.0/8,10.2.3.4/32', '10.0.0.0/8'],
  ['10.0.0.0/9,10.128.0.0/9', '10.0.0.0/9, 10.128.0.0/9'],
] as const) {
  test(`parseRanges() reads ${text}`, () => {
    const ranges = parseRanges(text);
    assert.equal(ranges.ok ? formatRanges(ranges.value) : ranges.error, expected);
  });
}

for (const [text, expected] of [
  ['10.0.0.1/8', '--cidr 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?'],
  ['0.0.0.0/0', '--cidr 0.0.0.0/0 is everything: no traffic would get the address of the node'],
  ['fd00::/8', '--cidr fd00::/8 is IPv6; pods have IPv4 addresses only'],
  ['::/0', '--cidr ::/0 is IPv6; pods have IPv4 addresses only'],
  ['10.0.0.0', '--cidr 10.0.0.0 has no prefix length; a single address is 10.0.0.0/32'],
  ['', '--cidr "" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['10.0.0.0/8,', '--cidr "" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['10.0.0.0/33', '--cidr "10.0.0.0/33" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['10.0.0.0/08', '--cidr "10.0.0.0/08" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['10.0.0.0/8/8', '--cidr "10.0.0.0/8/8" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['10.0.0.0/255.0.0.0', '--cidr "10.0.0.0/255.0.0.0" is no IPv4 range; expected one such as 10.0.0.0/8'],
  ['! 10.0.0.0/8', '--cidr "! 10.0.0.0/8" is no IPv4 range; expected one such as 10.0.0.0/8'],
  [
    '10.0.0.0/8\n-j ACCEPT',
    '--cidr "10.0.0.0/8\n-j ACCEPT" is no IPv4 range; expected one such as 10.0.0.0/8',
  ],
] as const) {
  test(`parseRanges() refuses ${JSON.stringify(text)}`, () => {
    const ranges = parseRanges(text);
    assert.equal(ranges.ok ? 'accepted' : ranges.error, expected);
  });
}

test('parseRanges() refuses more ranges than the limit', () => {
  const many = Array.from({ length: MAX_RANGES + 1 }, (_, i) => `10.${i}.0.0/16`);
  assert.ok(parseRanges(many.slice(1).join(',')).ok);
  const refused = parseRanges(many.join(','));
  assert.equal(refused.ok ? 'accepted' : refused.error, '--cidr is given 65 ranges; at most 64 are possible');
});

test('parseRanges() keeps what addresses are in the ranges, and no range twice', () => {
  const cidr = fc
    .record({ address: fc.integer({ min: 0, max: 0xffffffff }), prefixBits: fc.integer({ min: 1, max: 32 }) })
    .map(({ address, prefixBits }) => networkOf({ address: address as Ipv4, prefixBits }));
  fc.assert(
    fc.property(fc.array(cidr, { minLength: 1, maxLength: 12 }), (given) => {
      const parsed = parseRanges(given.map((range) => formatRanges([range])).join(','));
      assert.ok(parsed.ok);
      for (const { base } of given) assert.ok(parsed.value.some((range) => cidrContains(range, base)));
      for (const range of parsed.value) {
        assert.equal(parsed.value.filter((other) => cidrContains(other, range.base)).length, 1);
        assert.ok(given.some((other) => other.base === range.base && other.prefixBits === range.prefixBits));
      }
    }),
  );
});
