import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import {
  collide,
  formatMapping,
  type PortMapping,
  parsePorts,
  portCapability,
} from '../../../../src/cli/docker/ports.ts';
import { parseIpv4 } from '../../../../src/net/ipv4.ts';

const LOCAL = parseIpv4('127.0.0.1');
assert.ok(LOCAL);

for (const [text, expected] of [
  ['', []],
  ['8080:80', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]],
  ['8080:80/udp', [{ hostPort: 8080, containerPort: 80, protocol: 'udp' }]],
  ['127.0.0.1:1:2/sctp', [{ hostPort: 1, containerPort: 2, protocol: 'sctp', hostIp: LOCAL }]],
  ['0.0.0.0:80:80', [{ hostPort: 80, containerPort: 80, protocol: 'tcp' }]],
  [
    '8000-8001:90-91,53:53/udp',
    [
      { hostPort: 8000, containerPort: 90, protocol: 'tcp' },
      { hostPort: 8001, containerPort: 91, protocol: 'tcp' },
      { hostPort: 53, containerPort: 53, protocol: 'udp' },
    ],
  ],
] as const) {
  test(`parsePorts() reads "${text}"`, () => {
    assert.deepEqual(parsePorts(text), { ok: true, value: expected });
  });
}

for (const [text, said] of [
  ['80', /"80": expected .*; name the port of the node too/],
  ['80/tcp', /name the port of the node too/],
  ['0:80', /ports are 1 to 65535/],
  ['80:65536', /ports are 1 to 65535/],
  ['80:80/icmp', /expected \[IP:\]PORT:PORT\[\/tcp\|udp\|sctp\]/],
  ['localhost:80:80', /"localhost" is no IPv4 address/],
  ['[::1]:80:80', /"\[::1\]" is no IPv4 address/],
  ['80:80,80:81', /port 80\/tcp is given twice/],
  ['80:80,127.0.0.1:80:81', /port 127\.0\.0\.1:80\/tcp is given twice/],
  ['80-81:80', /the two ranges differ in length/],
  ['81-80:81-80', /the two ranges differ in length/],
  ['1-300:1-300', /more than 256 ports/],
  ['80:80,', /port "": expected/],
  ['80 :80', /expected/],
] as const) {
  test(`parsePorts() refuses "${text}"`, () => {
    const parsed = parsePorts(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, said);
  });
}

const mapping = fc.record(
  {
    hostPort: fc.integer({ min: 1, max: 65535 }),
    containerPort: fc.integer({ min: 1, max: 65535 }),
    protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
    hostIp: fc.integer({ min: 1, max: 0xffffffff }),
  },
  { requiredKeys: ['hostPort', 'containerPort', 'protocol'], noNullPrototype: true },
) as fc.Arbitrary<PortMapping>;

test('formatMapping() and parsePorts() are inverse', () => {
  fc.assert(
    fc.property(mapping, (one) => {
      assert.deepEqual(parsePorts(formatMapping(one)), { ok: true, value: [one] });
    }),
  );
});

test('parsePorts() never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parsePorts(text);
    }),
  );
});

test('collide() is symmetric, and needs one port, protocol and address', () => {
  fc.assert(fc.property(mapping, mapping, (a, b) => collide(a, b) === collide(b, a)));
  const base: PortMapping = { hostPort: 80, containerPort: 1, protocol: 'tcp' };
  assert.equal(collide(base, { ...base, containerPort: 2 }), true);
  assert.equal(collide(base, { ...base, hostIp: LOCAL }), true);
  assert.equal(collide(base, { ...base, protocol: 'udp' }), false);
  assert.equal(collide(base, { ...base, hostPort: 81 }), false);
});

test('portCapability() has the keys that portmap reads', () => {
  assert.deepEqual(portCapability([{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIp: LOCAL }]), {
    portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '127.0.0.1' }],
  });
});
