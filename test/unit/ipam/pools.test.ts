import assert from 'node:assert/strict';
import test from 'node:test';
import type { IpamConfig } from '../../../src/cni/types.ts';
import { poolFromJson, poolToJson } from '../../../src/ipam/pool-record.ts';
import { candidatePools, describePool, type Pool, poolsOf } from '../../../src/ipam/pools.ts';
import type { SourceInterface } from '../../../src/ipam/source.ts';
import { parseCidr } from '../../../src/net/cidr.ts';
import { formatIpv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { type MacAddress, parseMac } from '../../../src/net/mac.ts';
import type { Link } from '../../../src/net/rtnl/link.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => parseMac(`000d3a00000${digit}`) as MacAddress);
const LINKS: readonly Link[] = [
  { index: 2, name: 'eth0', mac: A as MacAddress, mtu: 1500, up: true, running: true, loopback: false },
  { index: 3, name: 'eth1', mac: B as MacAddress, mtu: 1500, up: true, running: true, loopback: false },
];

function nic(mac: MacAddress | '*' | undefined, isPrimary: boolean, ...subnets: [string, ...string[]][]) {
  const parsed = subnets.map(([subnet, ...addresses]) => ({
    subnet: parseCidr(subnet) ?? assert.fail(subnet),
    addresses: addresses.map((text) => parseIpv4(text) ?? assert.fail(text)),
  }));
  return { mac: mac ?? assert.fail(), isPrimary, subnets: parsed } satisfies SourceInterface;
}

function pools(interfaces: readonly SourceInterface[], previous: readonly Pool[] = []) {
  const log = new OperationLog(new FakeWorld().process());
  let dumps = 0;
  const local = {
    links: () => {
      dumps++;
      return LINKS;
    },
    link: (index: number) => LINKS.find((link) => link.index === index),
  };
  const found = poolsOf(interfaces, local, previous, log);
  return { found: found.ok ? found.value : [], error: found.ok ? '' : found.error, log, dumps };
}

const shown = (list: readonly Pool[]) =>
  list.map((pool) => `${describePool(pool)} ${formatIpv4(pool.gateway)} ${pool.addresses.map(formatIpv4)}`);

test('poolsOf() makes one pool per NIC and subnet, primary NIC first, then by index', () => {
  const { found } = pools([
    nic(B, false, ['10.2.0.0/24', '10.2.0.5']),
    nic(A, true, ['10.1.0.0/16', '10.1.0.5', '10.1.0.6'], ['10.3.0.0/24']),
  ]);
  assert.deepEqual(shown(found), [
    '10.1.0.0/16 (eth0) 10.1.0.1 10.1.0.5,10.1.0.6',
    '10.3.0.0/24 (eth0) 10.3.0.1 ',
    '10.2.0.0/24 (eth1) 10.2.0.1 10.2.0.5',
  ]);
});

test('poolsOf() keeps two NICs in one subnet apart', () => {
  const { found } = pools([
    nic(A, true, ['10.1.0.0/16', '10.1.0.5']),
    nic(B, false, ['10.1.0.0/16', '10.1.0.9']),
  ]);
  assert.deepEqual(shown(found), [
    '10.1.0.0/16 (eth0) 10.1.0.1 10.1.0.5',
    '10.1.0.0/16 (eth1) 10.1.0.1 10.1.0.9',
  ]);
});

test('poolsOf() skips an interface of nobody here with a note', () => {
  const { found, log } = pools([nic(C, true, ['10.9.0.0/16', '10.9.0.5']), nic(A, false, ['10.1.0.0/16'])]);
  assert.deepEqual(shown(found), ['10.1.0.0/16 (eth0) 10.1.0.1 ']);
  assert.match(log.entries[0]?.text ?? '', /no NIC here has the MAC address 00:0d:3a:00:00:0c/);
});

test('poolsOf() refuses an answer without interfaces and one for another machine', () => {
  assert.equal(pools([]).error, 'the answer names no interface');
  assert.equal(
    pools([nic(C, true, ['10.9.0.0/16', '10.9.0.5'])]).error,
    'the answer is for interfaces with the MAC addresses 00:0d:3a:00:00:0c; here are 00:0d:3a:00:00:0a, 00:0d:3a:00:00:0b',
  );
});

test('poolsOf() reads all links only when the NICs have changed', () => {
  const interfaces = [nic(A, true, ['10.1.0.0/16'])];
  const first = pools(interfaces);
  assert.equal(first.dumps, 1);
  const second = pools(interfaces, first.found);
  assert.equal(second.dumps, 0);
  assert.deepEqual(second.found, first.found);
  const renamed = first.found.map((pool) => ({ ...pool, nic: { ...pool.nic, name: 'old' } }));
  assert.equal(pools(interfaces, renamed).dumps, 1);
  assert.deepEqual(pools(interfaces, renamed).found, first.found);
});

test('candidatePools() narrows to subnet and master', () => {
  const { found } = pools([
    nic(A, true, ['10.1.0.0/16'], ['10.3.0.0/24']),
    nic(B, false, ['10.1.0.0/16'], ['10.2.0.0/24']),
  ]);
  const names = (config: { subnet?: string; master?: string }) => {
    const subnet = config.subnet === undefined ? undefined : parseCidr(config.subnet);
    const whole: IpamConfig = {
      environment: 'azure',
      queryIntervalMs: 1,
      ...(subnet && { subnet }),
      ...(config.master === undefined ? {} : { master: config.master }),
    };
    const candidates = candidatePools(found, whole);
    return candidates.ok ? candidates.value.map(describePool) : candidates.error;
  };
  assert.equal((names({}) as string[]).length, 4);
  assert.deepEqual(names({ subnet: '10.1.0.0/16' }), ['10.1.0.0/16 (eth0)', '10.1.0.0/16 (eth1)']);
  assert.deepEqual(names({ master: 'eth1' }), ['10.1.0.0/16 (eth1)', '10.2.0.0/24 (eth1)']);
  assert.deepEqual(names({ subnet: '10.1.0.0/16', master: 'eth1' }), ['10.1.0.0/16 (eth1)']);
  assert.deepEqual(names({ subnet: '10.1.0.0/24', master: 'eth9' }), {
    code: 'NO_POOL',
    message:
      'No available address pools: no pool of subnet 10.1.0.0/24 on master "eth9"; ' +
      'there is 10.1.0.0/16 (eth0), 10.3.0.0/24 (eth0), 10.1.0.0/16 (eth1), 10.2.0.0/24 (eth1)',
  });
});

test('poolFromJson() reads back what poolToJson() writes, and nothing else', () => {
  const [pool] = pools([nic(A, true, ['10.1.0.0/16', '10.1.0.5', '10.1.255.255'])]).found;
  assert.ok(pool);
  const json = JSON.parse(JSON.stringify(poolToJson(pool)));
  assert.deepEqual(poolFromJson(json), pool);
  const broken: object[] = [
    { subnet: '10.1.0.1/16' },
    { subnet: 5 },
    { subnet: '10.1.0.0/32' },
    { nic: null },
    { nic: { ...json.nic, mac: 'x' } },
    { nic: { ...json.nic, index: '2' } },
    { addresses: null },
    { addresses: ['10.1.0.5'] },
    { addresses: [-1] },
    { addresses: [-1, 1] },
    { addresses: [2 ** 32, 1] },
    { addresses: [2 ** 32 - 1, 2] },
    { addresses: [1.5, 1] },
    { addresses: [1, 0] },
    { addresses: [1, '2'] },
    { addresses: [1, 65_537] },
    { addresses: [1] },
  ];
  for (const change of broken) {
    assert.equal(poolFromJson({ ...json, ...change }), undefined, JSON.stringify(change));
  }
  assert.equal(poolFromJson(undefined), undefined);
  assert.equal(poolFromJson([]), undefined);
});
