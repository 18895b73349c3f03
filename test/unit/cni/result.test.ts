import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { parseIp, parseIpNet } from '../../../src/cni/address.ts';
import { EMPTY_RESULT, formatResult, parseResult } from '../../../src/cni/result.ts';
import { CNI_VERSIONS, type CniResult, type CniVersion, type JsonObject } from '../../../src/cni/types.ts';
import { net } from './calls.ts';

// ---- golden documents: one rich result, as each version says it ----

const DNS = { nameservers: ['168.63.129.16'], domain: 'a.local', search: ['a', 'b'], options: ['ndots:5'] };
const V4 = { address: '10.240.0.5/16', gateway: '10.240.0.1' };
const V6 = { address: 'fd00::5/64', gateway: 'fd00::1' };
const ROUTES4 = [{ dst: '0.0.0.0/0', gw: '10.240.0.1' }, { dst: '10.0.0.0/8' }];
const ROUTES6 = [{ dst: '::/0', gw: 'fd00::1' }];

const LEGACY: JsonObject = {
  ip4: { ip: V4.address, gateway: V4.gateway, routes: ROUTES4 },
  ip6: { ip: V6.address, gateway: V6.gateway, routes: ROUTES6 },
  dns: DNS,
};
/** Interfaces and indexes are lost on the way through 0.2.0. */
const FROM_LEGACY: JsonObject = { ips: [V4, V6], routes: [...ROUTES4, ...ROUTES6], dns: DNS };
const FROM_LEGACY_OLD: JsonObject = {
  ...FROM_LEGACY,
  ips: [
    { version: '4', ...V4 },
    { version: '6', ...V6 },
  ],
};
const MAC = '0a:58:0a:f0:00:05';
const INTERFACES = [
  { name: 'azure0', mac: '00:0d:3a:00:00:04' },
  { name: 'eth0', mac: MAC, sandbox: '/run/netns/c1' },
];
const CURRENT: JsonObject = {
  interfaces: INTERFACES,
  ips: [{ interface: 1, ...V4 }, V6],
  routes: [...ROUTES4, ...ROUTES6],
  dns: DNS,
};
const OLD: JsonObject = {
  ...CURRENT,
  ips: [
    { version: '4', interface: 1, ...V4 },
    { version: '6', ...V6 },
  ],
};
const EXTENDED: JsonObject = {
  ...CURRENT,
  interfaces: [
    { name: 'azure0', mac: '00:0d:3a:00:00:04', mtu: 1400 },
    { name: 'eth0', mac: MAC, mtu: 1400, sandbox: '/run/netns/c1', socketPath: '/s', pciID: '0:1' },
  ],
  routes: [
    { dst: '0.0.0.0/0', gw: '10.240.0.1', mtu: 1400, advmss: 1360, priority: 100, table: 7, scope: 0 },
    { dst: '10.0.0.0/8' },
    ...ROUTES6,
  ],
};

type Shape = 'legacy' | 'old' | 'current' | 'extended';
const SHAPE: Record<CniVersion, Shape> = {
  '0.1.0': 'legacy',
  '0.2.0': 'legacy',
  '0.3.0': 'old',
  '0.3.1': 'old',
  '0.4.0': 'old',
  '1.0.0': 'current',
  '1.1.0': 'extended',
};
const DOCUMENT: Record<Shape, JsonObject> = {
  legacy: LEGACY,
  old: OLD,
  current: CURRENT,
  extended: EXTENDED,
};
const CONVERTED: Record<Shape, Record<Shape, JsonObject>> = {
  legacy: { legacy: LEGACY, old: FROM_LEGACY_OLD, current: FROM_LEGACY, extended: FROM_LEGACY },
  old: { legacy: LEGACY, old: OLD, current: CURRENT, extended: CURRENT },
  current: { legacy: LEGACY, old: OLD, current: CURRENT, extended: CURRENT },
  extended: { legacy: LEGACY, old: OLD, current: CURRENT, extended: EXTENDED },
};

for (const from of CNI_VERSIONS) {
  for (const to of CNI_VERSIONS) {
    test(`parseResult() and formatResult() convert ${from} to ${to}`, () => {
      const document = { cniVersion: from, ...DOCUMENT[SHAPE[from]] };
      const expected = { cniVersion: to, ...CONVERTED[SHAPE[from]][SHAPE[to]] };
      assert.equal(printed(parsed(document), to), JSON.stringify(expected));
    });
  }
}

test('formatResult() prints the keys in the order of the specification', () => {
  const text = '{"cniVersion":"0.3.1","interfaces":[{"name":"eth0"}],';
  assert.ok(printed({ ...EMPTY_RESULT, interfaces: [{ name: 'eth0' }] }, '0.3.1').startsWith(text));
});

test('formatResult() keeps an empty dns up to 0.4.0 and leaves it out later', () => {
  const result = { ...EMPTY_RESULT, ips: [{ address: net('10.0.0.5/8') }] };
  assert.match(printed(result, '0.2.0'), /"dns":\{\}/);
  assert.match(printed(result, '0.4.0'), /"dns":\{\}/);
  assert.doesNotMatch(printed(result, '1.0.0'), /dns/);
});

test('formatResult() prints the first address of each family for 0.2.0, and the routes of that family', () => {
  const result: CniResult = {
    ...EMPTY_RESULT,
    ips: [{ address: net('10.0.0.5/8') }, { address: net('10.0.0.6/8') }],
    routes: [{ dst: net('::/0') }, { dst: net('0.0.0.0/0') }],
  };
  assert.equal(
    printed(result, '0.2.0'),
    '{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.5/8","routes":[{"dst":"0.0.0.0/0"}]},"dns":{}}',
  );
});

test('formatResult() refuses 0.1.0 and 0.2.0 without an address', () => {
  for (const version of ['0.1.0', '0.2.0'] as const) {
    const result = formatResult(EMPTY_RESULT, version);
    assert.deepEqual(result, { ok: false, error: 'cannot convert: no valid IP addresses' });
  }
});

// ---- reading ----

test('parseResult() takes a result without a version for one of the configuration', () => {
  const ip4 = { ip4: { ip: '10.0.0.5/8' } };
  const ips = { ips: [{ address: '10.0.0.5/8' }] };
  assert.equal(parsed(ip4, '0.2.0').ips.length, 1);
  assert.equal(parsed(ip4, '1.0.0').ips.length, 0);
  assert.equal(parsed(ips, '1.0.0').ips.length, 1);
});

test('parseResult() takes null and {} for an empty result', () => {
  assert.deepEqual(parsed(null), EMPTY_RESULT);
  assert.deepEqual(parsed({}), EMPTY_RESULT);
});

test('parseResult() matches keys in any case and ignores unknown ones and nulls', () => {
  const document = { CNIVersion: '0.4.0', IPS: [{ Address: '10.0.0.5/8', gateway: null, x: 1 }], y: 2 };
  assert.deepEqual(parsed(document).ips, [{ address: net('10.0.0.5/8') }]);
});

const malformed: readonly [string, unknown, string][] = [
  ['a list', [], 'expected an object, got []'],
  ['a text', 'x', 'expected an object, got "x"'],
  ['an unknown version', { cniVersion: '9.9.9' }, 'unsupported cniVersion "9.9.9"'],
  ['ips that are no list', { ips: {} }, 'ips: expected a list, got {}'],
  ['an address that is none', { ips: [{ address: 'junk' }] }, 'ips[0].address: expected an address with'],
  [
    'an address without prefix',
    { ips: [{ address: '10.0.0.5' }] },
    'ips[0].address: expected an address with',
  ],
  ['no address', { ips: [{}] }, 'ips[0].address: expected an address with its prefix length, got null'],
  ['null in ips', { ips: [null] }, 'ips[0]: expected an object, got null'],
  [
    'a gateway that is none',
    { ips: [{ address: '10.0.0.5/8', gateway: 'x' }] },
    'ips[0].gateway: expected an',
  ],
  [
    'a negative index',
    { ips: [{ address: '10.0.0.5/8', interface: -1 }] },
    'ips[0].interface: expected a whole',
  ],
  ['a route without dst', { routes: [{ gw: '10.0.0.1' }] }, 'routes[0].dst: expected an address with'],
  [
    'an interface with a numeric name',
    { interfaces: [{ name: 1 }] },
    'interfaces[0].name: expected a string',
  ],
  [
    'nameservers that are no list',
    { dns: { nameservers: 'x' } },
    'dns.nameservers: expected a list, got "x"',
  ],
];
for (const [what, document, message] of malformed) {
  test(`parseResult() refuses ${what}`, () => {
    const result = parseResult(document as JsonObject, '1.0.0');
    assert.ok(!result.ok && result.error.startsWith(message), JSON.stringify(result));
  });
}

// ---- laws ----

const count = fc.nat(4096);
const byte = fc.nat(255);
const v4 = fc.tuple(byte, byte, byte, byte).map((octets) => octets.join('.'));
const v6 = fc
  .array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));
const word = fc.stringMatching(/^[a-z0-9:.]{1,12}$/);
const ip = fc.oneof(v4, v6).map((text) => parseIp(text) ?? assert.fail(text));
const ipNet = fc
  .oneof(fc.tuple(v4, fc.nat(32)), fc.tuple(v6, fc.nat(128)))
  .map(([address, bits]) => parseIpNet(`${address}/${bits}`) ?? assert.fail(address));
const options = { requiredKeys: [] };
const numbers = { mtu: count, advmss: count, priority: count, table: count, scope: count };
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const extras = { mac: word, mtu: count, sandbox: word, socketPath: word, pciID: word };
const anyResult: fc.Arbitrary<CniResult> = fc.record({
  interfaces: fc.array(fc.record({ name: word, ...extras }, { requiredKeys: ['name'] }), { maxLength: 3 }),
  ips: fc.array(fc.record({ address: ipNet, gateway: ip, interface: count }, { requiredKeys: ['address'] }), {
    minLength: 1,
    maxLength: 3,
  }),
  routes: fc.array(fc.record({ dst: ipNet, gw: ip, ...numbers }, { requiredKeys: ['dst'] }), {
    maxLength: 3,
  }),
  dns: fc.record({ nameservers: words, domain: word, search: words, options: words }, options),
}) as fc.Arbitrary<CniResult>;

test('parseResult() after formatResult() is the identity for 1.1.0', () => {
  fc.assert(
    fc.property(anyResult, (result) => {
      const text = printed(result, '1.1.0');
      assert.deepEqual(plain(parsed(JSON.parse(text), '0.1.0')), plain(result));
    }),
  );
});

test('formatResult() says the same after a second reading, in every version', () => {
  fc.assert(
    fc.property(anyResult, fc.constantFrom(...CNI_VERSIONS), (result, version) => {
      const once = printed(result, version);
      assert.equal(printed(parsed(JSON.parse(once)), version), once);
    }),
  );
});

function parsed(document: JsonObject | null, version: CniVersion = '1.1.0'): CniResult {
  const result = parseResult(document, version);
  return result.ok ? result.value : assert.fail(result.error);
}

function printed(result: CniResult, version: CniVersion): string {
  const document = formatResult(result, version);
  return document.ok ? JSON.stringify(document.value) : assert.fail(document.error);
}

/** Without prototypes, which fast-check leaves out of its records. */
function plain(value: CniResult): unknown {
  return structuredClone(value);
}
