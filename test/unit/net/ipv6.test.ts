import assert from 'node:assert/strict';
import { isIPv6, SocketAddress } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { formatIpv6, type Ipv6, parseIpv6 } from '../../../src/net/ipv6.ts';

const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const address = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => {
  return Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 255])) as Ipv6;
});

function show(text: string): string | undefined {
  const parsed = parseIpv6(text);
  return parsed && formatIpv6(parsed);
}

test('parseIpv6() reads every notation of RFC 4291, formatIpv6() writes that of RFC 5952', () => {
  const cases: [string, string][] = [
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:db8:0:0:8:800:200c:417a', '2001:db8::8:800:200c:417a'],
    ['2001:0DB8:0000:0000:0000:ff00:0042:8329', '2001:db8::ff00:42:8329'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:1.2.3.4', '::ffff:102:304'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::255.255.255.255', '64:ff9b::ffff:ffff'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['fe80::', 'fe80::'],
  ];
  for (const [text, expected] of cases) assert.equal(show(text), expected, text);
});

test('parseIpv6() refuses everything else', () => {
  const cases = [
    '',
    ':',
    ':::',
    '1',
    '1:',
    ':1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    ':2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    ':::1',
    '1:::2',
    '12345::',
    '::12345',
    '::00001',
    '::g',
    '::-1',
    '::+1',
    '::0x1',
    '::1 ',
    ' ::1',
    '::1\n',
    '::1%eth0',
    '::1/128',
    '[::1]',
    '1.2.3.4',
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.256',
    '::01.2.3.4',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '1.2.3.4::1',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1:2:3:4:5:6:1.2.3.4.5',
    '::1٢',
  ];
  for (const text of cases) assert.equal(parseIpv6(text), undefined, JSON.stringify(text));
});

test('parseIpv6() reads what formatIpv6() writes', () => {
  fc.assert(fc.property(address, (value) => assert.deepEqual(parseIpv6(formatIpv6(value)), value)));
});

test('formatIpv6() writes what the operating system writes', () => {
  fc.assert(
    fc.property(address, (value) => {
      const text = formatIpv6(value);
      // It shows ::/96 and ::ffff:0:0/96 with an IPv4 tail, which RFC 5952 leaves open.
      fc.pre(!value.subarray(0, 10).every((byte) => byte === 0));
      assert.equal(new SocketAddress({ address: text, family: 'ipv6' }).address, text);
    }),
  );
});

test('parseIpv6() accepts what the operating system accepts', () => {
  const part = fc.constantFrom('', '0', '1', 'ffff', '00001', 'g', '1.2.3.4', '01.2.3.4', '1.2.3', '%1');
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 10 }), (parts) => {
      const text = parts.join(':');
      fc.pre(!text.includes('%'));
      assert.equal(parseIpv6(text) !== undefined, isIPv6(text), text);
    }),
    { numRuns: 20_000 },
  );
});
