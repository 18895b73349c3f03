import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIp, parseIpNet } from '../../../src/cni/address.ts';
import type { CniResult, CniRoute, NetworkConfig } from '../../../src/cni/types.ts';
import { formatCidr, formatIpv4Net } from '../../../src/net/cidr.ts';
import { formatIpv4 } from '../../../src/net/ipv4.ts';
import {
  type Assignment,
  composeResult,
  MAX_ADDRESSES,
  MAX_ROUTES,
  readAssignment,
} from '../../../src/vnet/assignment.ts';

const NOTHING: CniResult = { interfaces: [], ips: [], routes: [], dns: {} };

interface IpText {
  readonly address: string;
  readonly gateway?: string;
}
interface RouteText {
  readonly dst: string;
  readonly gw?: string;
}

function ipam(ips: readonly IpText[], routes: readonly RouteText[] = []): CniResult {
  return {
    ...NOTHING,
    ips: ips.map(({ address, gateway }) => ({
      address: parseIpNet(address) ?? assert.fail(address),
      ...(gateway !== undefined && { gateway: parseIp(gateway) ?? assert.fail(gateway) }),
    })),
    routes: routes.map(route),
  };
}

function route({ dst, gw }: RouteText): CniRoute {
  return {
    dst: parseIpNet(dst) ?? assert.fail(dst),
    ...(gw !== undefined && { gw: parseIp(gw) ?? assert.fail(gw) }),
  };
}

/** Addresses, subnet, routes of the kernel, routes of the result, as text. */
function texts({ addresses, subnet, routes, result }: Assignment) {
  return {
    addresses: addresses.map(formatIpv4Net),
    subnet: formatCidr(subnet),
    routes: routes.map(
      ({ dst, gateway }) => `${formatCidr(dst)} via ${gateway === undefined ? '-' : formatIpv4(gateway)}`,
    ),
    told: result.routes.map(({ dst }) => (dst.family === 4 ? formatIpv4Net(dst) : 'IPv6')),
  };
}

function read(result: CniResult) {
  const assignment = readAssignment(result);
  assert.ok(assignment.ok, assignment.ok ? '' : assignment.error.message);
  return texts(assignment.value);
}

test('readAssignment() without routes makes the gateway the default route, in the result too', () => {
  assert.deepEqual(read(ipam([{ address: '10.240.0.5/16', gateway: '10.240.0.1' }])), {
    addresses: ['10.240.0.5/16'],
    subnet: '10.240.0.0/16',
    routes: ['0.0.0.0/0 via 10.240.0.1'],
    told: ['0.0.0.0/0'],
  });
});

test('readAssignment() with routes adds none; one without a gateway goes through that of the address', () => {
  const routes = [{ dst: '10.0.0.0/8' }, { dst: '172.16.5.9/12', gw: '10.240.0.9' }];
  assert.deepEqual(read(ipam([{ address: '10.240.0.5/16', gateway: '10.240.0.1' }], routes)), {
    addresses: ['10.240.0.5/16'],
    subnet: '10.240.0.0/16',
    routes: ['10.0.0.0/8 via 10.240.0.1', '172.16.0.0/12 via 10.240.0.9'],
    told: ['10.0.0.0/8', '172.16.5.9/12'],
  });
});

test('readAssignment() without a gateway has no default route; routes are then on the link', () => {
  assert.deepEqual(read(ipam([{ address: '10.240.0.5/16' }])).routes, []);
  assert.deepEqual(read(ipam([{ address: '10.240.0.5/16' }], [{ dst: '10.9.0.0/16' }])).routes, [
    '10.9.0.0/16 via -',
  ]);
});

test('readAssignment() takes the first gateway and the first subnet of several addresses', () => {
  const ips = [
    { address: '10.240.0.5/16' },
    { address: '10.241.0.5/24', gateway: '10.241.0.1' },
    { address: '10.242.0.5/24', gateway: '10.242.0.1' },
  ];
  const { addresses, subnet, routes } = read(ipam(ips));
  assert.deepEqual(addresses, ['10.240.0.5/16', '10.241.0.5/24', '10.242.0.5/24']);
  assert.equal(subnet, '10.240.0.0/16');
  assert.deepEqual(routes, ['0.0.0.0/0 via 10.241.0.1']);
});

test('readAssignment() refuses IPv6, whether address, route or gateway of a route', () => {
  const v4 = [{ address: '10.240.0.5/16', gateway: '10.240.0.1' }];
  const cases = [
    [ipam([...v4, { address: 'fd00::5/64' }]), /an address of IPv6/],
    [ipam(v4, [{ dst: '::/0' }]), /a route of IPv6/],
    [ipam(v4, [{ dst: '10.0.0.0/8', gw: 'fd00::1' }]), /a route of IPv6/],
  ] as const;
  for (const [result, message] of cases) {
    const refused = readAssignment(result);
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, 'UNSUPPORTED_FIELD');
    assert.match(refused.error.message, message);
  }
});

test('readAssignment() leaves a gateway of IPv6 beside an IPv4 address alone', () => {
  assert.deepEqual(read(ipam([{ address: '10.240.0.5/16', gateway: 'fd00::1' }])).routes, []);
});

test('readAssignment() refuses more addresses and routes than a container can have', () => {
  const many = (addresses: number, routes: number) =>
    readAssignment({
      ...ipam([]),
      ips: Array.from({ length: addresses }, () => ipam([{ address: '10.240.0.5/16' }]).ips).flat(),
      routes: Array.from({ length: routes }, () => route({ dst: '10.1.0.0/16' })),
    });
  assert.ok(many(MAX_ADDRESSES, MAX_ROUTES).ok);
  for (const refused of [many(MAX_ADDRESSES + 1, 0), many(1, MAX_ROUTES + 1)]) {
    assert.equal(refused.ok ? undefined : refused.error.code, 'DELEGATE_FAILED');
  }
});

test('readAssignment() without any address is a defect of the caller', () => {
  assert.throws(() => readAssignment(NOTHING), /Internal error: an IPAM result without an address/);
});

const CONFIG: NetworkConfig = { name: 'azure', ipsToRouteViaHost: [], ipamType: 'azure-vnet-ipam', dns: {} };
const INTERFACES = {
  bridge: { name: 'azure0' },
  host: { name: 'azv1' },
  container: { name: 'eth0', sandbox: '/run/netns/c1' },
};

test('composeResult() lists bridge, host and container, the addresses point at the container', () => {
  const assigned = ipam([{ address: '10.240.0.5/16', gateway: '10.240.0.1' }], [{ dst: '0.0.0.0/0' }]);
  const result = composeResult(CONFIG, undefined, { ...assigned, dns: { domain: 'ipam' } }, INTERFACES);
  assert.deepEqual(
    result.interfaces.map(({ name }) => name),
    ['azure0', 'azv1', 'eth0'],
  );
  assert.deepEqual(
    result.ips.map((ip) => ip.interface),
    [2],
  );
  assert.deepEqual(result.routes, assigned.routes);
  assert.deepEqual(result.dns, { domain: 'ipam' });
});

test('composeResult() puts everything behind what came before in the chain', () => {
  const previous: CniResult = {
    ...ipam([{ address: '192.168.0.5/24' }], [{ dst: '192.168.0.0/16' }]),
    interfaces: [{ name: 'a' }, { name: 'b' }],
  };
  const assigned = ipam([{ address: '10.240.0.5/16' }], [{ dst: '10.0.0.0/8' }]);
  const result = composeResult(CONFIG, previous, assigned, INTERFACES);
  assert.deepEqual(
    result.interfaces.map(({ name }) => name),
    ['a', 'b', 'azure0', 'azv1', 'eth0'],
  );
  assert.deepEqual(
    result.ips.map((ip) => ip.interface),
    [undefined, 4],
  );
  assert.deepEqual(result.routes, [...previous.routes, ...assigned.routes]);
});

test('composeResult() prefers the DNS of the configuration, whole, to that of IPAM', () => {
  const config = { ...CONFIG, dns: { nameservers: ['10.0.0.10'] } };
  const assigned = {
    ...ipam([{ address: '10.240.0.5/16' }]),
    dns: { nameservers: ['1.1.1.1'], domain: 'd' },
  };
  assert.deepEqual(composeResult(config, undefined, assigned, INTERFACES).dns, {
    nameservers: ['10.0.0.10'],
  });
});
