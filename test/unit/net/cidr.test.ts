import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import {
  type Cidr,
  cidrContains,
  cidrEquals,
  cidrSize,
  formatCidr,
  formatIpv4Net,
  gatewayOf,
  maskOf,
  networkOf,
  parseCidr,
  parseIpv4Net,
} from '../../../src/net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4, parseIpv4 } from '../../../src/net/ipv4.ts';

const address = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);
const prefixBits = fc.integer({ min: 0, max: 32 });
const net = fc.record({ address, prefixBits }, { noNullPrototype: true });
const cidr = net.map(networkOf);

test('maskOf() is right for every prefix length', () => {
  for (let bits = 0; bits <= 32; bits++) {
    const text = '1'.repeat(bits).padEnd(32, '0');
    assert.equal(maskOf(bits), Number.parseInt(text, 2), `/${bits}`);
  }
});

test('parseIpv4Net() keeps host bits, parseCidr() refuses them', () => {
  assert.deepEqual(parseIpv4Net('10.240.0.5/16'), { address: parseIpv4('10.240.0.5'), prefixBits: 16 });
  assert.equal(parseCidr('10.240.0.5/16'), undefined);
  assert.deepEqual(parseCidr('10.240.0.0/16'), { base: parseIpv4('10.240.0.0'), prefixBits: 16 });
  assert.deepEqual(parseCidr('0.0.0.0/0'), { base: 0, prefixBits: 0 });
  assert.deepEqual(parseCidr('255.255.255.255/32'), { base: 0xffffffff, prefixBits: 32 });
});

test('parseIpv4Net() refuses every other notation', () => {
  const cases = [
    '',
    '/',
    '/24',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0/24',
    '10/8',
    '10.0.0.0/33',
    '10.0.0.0/100',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/08',
    '10.0.0.0/00',
    '10.0.0.0/8 ',
    '10.0.0.0/ 8',
    '10.0.0.0 /8',
    ' 10.0.0.0/8',
    '10.0.0.0/8\n',
    '10.0.0.0//8',
    '10.0.0.0/8/8',
    '10.0.0.0/0x8',
    '10.0.0.0/8.0',
    '10.0.0.0/1e1',
    '10.0.0.0/255.0.0.0',
    '010.0.0.0/8',
    '10.0.0.256/8',
    'fd00::/8',
    '10.0.0.0/٨',
  ];
  for (const text of cases) {
    assert.equal(parseIpv4Net(text), undefined, JSON.stringify(text));
    assert.equal(parseCidr(text), undefined, JSON.stringify(text));
  }
});

test('parse and format are inverse', () => {
  fc.assert(
    fc.property(net, (value) => {
      assert.deepEqual(parseIpv4Net(formatIpv4Net(value)), value);
      assert.deepEqual(parseCidr(formatCidr(networkOf(value))), networkOf(value));
    }),
  );
});

test('networkOf() contains its address and is its own network', () => {
  fc.assert(
    fc.property(net, (value) => {
      const network = networkOf(value);
      assert.ok(cidrContains(network, value.address));
      assert.deepEqual(networkOf({ address: network.base, prefixBits: network.prefixBits }), network);
    }),
  );
});

test('cidrContains() is true from base to base + size - 1 and false beside it', () => {
  fc.assert(
    fc.property(cidr, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (network, part) => {
      const size = cidrSize(network);
      const inside = offsetIpv4(network.base, Math.floor(part * size));
      const last = offsetIpv4(network.base, size - 1);
      assert.ok(inside !== undefined && cidrContains(network, inside));
      assert.ok(last !== undefined && cidrContains(network, last));
      for (const beside of [offsetIpv4(network.base, -1), offsetIpv4(network.base, size)]) {
        assert.ok(beside === undefined || !cidrContains(network, beside));
      }
    }),
  );
});

test('cidrContains() agrees with comparing the bits as text', () => {
  const bits = (value: Ipv4) => value.toString(2).padStart(32, '0');
  fc.assert(
    fc.property(cidr, address, (network, value) => {
      const same =
        bits(value).slice(0, network.prefixBits) === bits(network.base).slice(0, network.prefixBits);
      assert.equal(cidrContains(network, value), same);
    }),
  );
});

test('cidrEquals() compares base and length', () => {
  const [a, b, c] = ['10.0.0.0/8', '10.0.0.0/9', '11.0.0.0/8'].map((text) => parseCidr(text) as Cidr);
  assert.ok(a && b && c);
  assert.ok(cidrEquals(a, { ...a }));
  assert.ok(!cidrEquals(a, b) && !cidrEquals(a, c));
});

test('gatewayOf() is the first host address, none below /30', () => {
  const gateway = (text: string) => {
    const found = gatewayOf(parseCidr(text) as Cidr);
    return found === undefined ? undefined : formatIpv4(found);
  };
  assert.equal(gateway('10.240.0.0/16'), '10.240.0.1');
  assert.equal(gateway('10.0.0.248/29'), '10.0.0.249');
  assert.equal(gateway('255.255.255.252/30'), '255.255.255.253');
  assert.equal(gateway('10.0.0.0/31'), undefined);
  assert.equal(gateway('255.255.255.255/32'), undefined);
});
