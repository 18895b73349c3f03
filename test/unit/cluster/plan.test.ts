/** The address plan: no address twice, none outside, none of Azure's own, whatever the definition. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import type { AddressPlan, SubnetPlan } from '../../../src/cluster/plan.ts';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { planDocument } from '../../../src/cluster/plan-document.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { cidrContains, formatCidr, parseCidr } from '../../../src/net/cidr.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { edited, KUBERNETES, MASTER, MASTER_SUBNET, POOL, pool } from '../../support/definition.ts';

function planOf(text: string, subnets: Readonly<Record<string, string>> = {}): AddressPlan {
  const ranges = Object.entries(subnets).map(([name, range]) => [name, parseCidr(range)] as const);
  const known = new Map(ranges.flatMap(([name, range]) => (range === undefined ? [] : [[name, range]])));
  const { findings, definition } = readDefinition(text, { subnets: known });
  assert.ok(definition, findings.map(({ message }) => message).join('\n'));
  return planAddresses(definition);
}

function address(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

const addressesOf = (plan: AddressPlan, { subnet }: SubnetPlan): Ipv4[] => [
  ...plan.nodes
    .filter(({ nic }) => nic.subnet === subnet)
    .flatMap(({ nic }) => nic.ipConfigs.map((one) => one.address)),
  ...(plan.internalLoadBalancer?.subnet === subnet ? [plan.internalLoadBalancer.address] : []),
];

/** The plan counts every address of the subnet exactly once: used, free or Azure's own. */
function assertSound(plan: AddressPlan): void {
  for (const subnet of plan.subnets) {
    const { cidr } = subnet.subnet;
    const used = addressesOf(plan, subnet);
    assert.equal(new Set(used).size, used.length, 'an address is planned twice');
    assert.deepEqual(
      used.filter((one) => !cidrContains(cidr, one)),
      [],
      `outside ${formatCidr(cidr)}`,
    );
    assert.deepEqual(
      used.filter((one) => subnet.reserved.includes(one)),
      [],
      "Azure's own",
    );
    assert.equal(subnet.used, used.length);
    assert.equal(subnet.used + subnet.freeCount + subnet.reserved.length, subnet.size);
    const taken = new Set([...used, ...subnet.reserved]);
    for (const { first, last } of subnet.free) {
      assert.ok(first <= last && cidrContains(cidr, first) && cidrContains(cidr, last));
      assert.ok(![...taken].some((one) => one >= first && one <= last), 'free and taken');
    }
  }
  for (const { nic } of plan.nodes) {
    assert.deepEqual(
      nic.ipConfigs.map(({ primary }) => primary),
      nic.ipConfigs.map((_, index) => index === 0),
    );
    assert.equal(new Set(nic.ipConfigs.map(({ name }) => name)).size, nic.ipConfigs.length);
  }
  assert.equal(new Set(plan.nodes.map(({ name }) => name)).size, plan.nodes.length, 'names of nodes');
}

/** Definitions of every shape that may be valid: those that are not are left to the rules. */
const shapes = fc.record({
  masters: fc.constantFrom(1, 3, 5),
  prefixBits: fc.integer({ min: 16, max: 23 }),
  first: fc.option(fc.integer({ min: 4, max: 65_000 }), { nil: undefined }),
  custom: fc.boolean(),
  mastersInScaleSet: fc.boolean(),
  maxPods: fc.constantFrom(1, 5, 30, 110, 250),
  others: fc.boolean(),
  pools: fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      scaleSet: fc.boolean(),
      windows: fc.boolean(),
      maxPods: fc.constantFrom(undefined, 10, 50),
      ipAddressCount: fc.constantFrom(undefined, 1, 8, 40),
    }),
    { maxLength: 4 },
  ),
});

type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

function textOf({
  masters,
  prefixBits,
  first,
  custom,
  mastersInScaleSet,
  maxPods,
  others,
  pools,
}: Shape): string {
  const subnet = (inOthers: boolean) =>
    !custom ? undefined : inOthers ? MASTER_SUBNET.replace('nodes', 'others') : MASTER_SUBNET;
  const base = address('10.1.0.0');
  const scaleSet = pools[0]?.scaleSet ?? false;
  const kinds = (inScaleSet: boolean) => (inScaleSet ? 'VirtualMachineScaleSets' : 'AvailabilitySet');
  return edited({
    [`${KUBERNETES}.clusterSubnet`]: `10.1.0.0/${prefixBits}`,
    [`${KUBERNETES}.kubeletConfig`]: { '--max-pods': String(maxPods) },
    [`${MASTER}.count`]: masters,
    [`${MASTER}.vnetSubnetID`]: subnet(false),
    [`${MASTER}.vnetCidr`]: '10.0.0.0/14',
    [`${MASTER}.availabilityProfile`]: kinds(mastersInScaleSet && scaleSet),
    [`${MASTER}.agentVnetSubnetID`]: mastersInScaleSet && scaleSet ? subnet(others) : undefined,
    [`${MASTER}.firstConsecutiveStaticIP`]:
      first === undefined || (mastersInScaleSet && scaleSet) ? undefined : formatIpv4((base + first) as Ipv4),
    [`${KUBERNETES}.serviceCidr`]: '10.200.0.0/16',
    [`${KUBERNETES}.dnsServiceIP`]: '10.200.0.10',
    'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword: 'correct-Horse-7' },
    'properties.agentPoolProfiles': pools.map(({ count, windows, maxPods: own, ipAddressCount }, index) => ({
      name: `pool${index}`,
      count,
      vmSize: 'Standard_D2_v3',
      availabilityProfile: kinds(scaleSet),
      osType: windows ? 'Windows' : 'Linux',
      ...(custom ? { vnetSubnetID: subnet(others) ?? '' } : {}),
      ...(ipAddressCount === undefined ? {} : { ipAddressCount }),
      ...(own === undefined ? {} : { kubernetesConfig: { kubeletConfig: { '--max-pods': String(own) } } }),
    })),
  });
}

test('planAddresses() gives no address twice and none outside its subnet, for any definition without errors', () => {
  let planned = 0;
  const others = parseCidr('10.3.0.0/18');
  assert.ok(others);
  fc.assert(
    fc.property(shapes, (shape) => {
      const text = textOf(shape);
      const isNamed = shape.custom && shape.others && text.includes('/others"');
      const { definition } = readDefinition(text, isNamed ? { subnets: new Map([['others', others]]) } : {});
      if (definition === undefined) return;
      planned++;
      const plan = planAddresses(definition);
      assertSound(plan);
      assert.equal(plan.nodes.length, shape.masters + shape.pools.reduce((sum, { count }) => sum + count, 0));
    }),
    { numRuns: 600 },
  );
  assert.ok(planned > 150, `only ${planned} definitions were without errors`);
});

test('planAddresses() gives the same plan for the same definition', () => {
  const text = edited({ 'properties.agentPoolProfiles': [pool('a'), pool('b')] });
  assert.deepEqual(planDocument(planOf(text)), planDocument(planOf(text)));
});

test('planAddresses() has masters at firstConsecutiveStaticIP and after, the load balancer ten further', () => {
  const plan = planOf(edited({}));
  const own = plan.nodes.map(({ nic }) => formatIpv4(nic.ipConfigs[0]?.address ?? address('0.0.0.0')));
  assert.deepEqual(own.slice(0, 3), ['10.1.15.200', '10.1.15.201', '10.1.15.202']);
  assert.deepEqual(own.slice(3), ['10.1.0.94', '10.1.0.125']);
  assert.equal(formatIpv4(plan.apiServer), '10.1.15.210');
  assert.equal(plan.internalLoadBalancer?.address, plan.apiServer);
});

test('planAddresses() of one master has no load balancer: the API is at the master', () => {
  const plan = planOf(edited({ [`${MASTER}.count`]: 1 }));
  assert.equal(plan.internalLoadBalancer, undefined);
  assert.equal(formatIpv4(plan.apiServer), '10.1.15.200');
});

test('planAddresses() without a custom VNet derives the first master from the last /24', () => {
  const none = {
    [`${MASTER}.vnetSubnetID`]: undefined,
    [`${MASTER}.firstConsecutiveStaticIP`]: undefined,
    [`${POOL}.vnetSubnetID`]: undefined,
  };
  assert.equal(formatIpv4(planOf(edited({ ...none, [`${MASTER}.count`]: 1 })).apiServer), '10.1.15.5');
});

test('planAddresses() takes a static address in the middle of the pods for nobody else', () => {
  const plan = planOf(edited({ [`${MASTER}.firstConsecutiveStaticIP`]: '10.1.0.10' }));
  assertSound(plan);
  const first = plan.nodes[0]?.nic.ipConfigs.map((one) => formatIpv4(one.address)) ?? [];
  assert.deepEqual(first.slice(0, 9), [
    '10.1.0.10',
    '10.1.0.4',
    '10.1.0.5',
    '10.1.0.6',
    '10.1.0.7',
    '10.1.0.8',
    '10.1.0.9',
    '10.1.0.13',
    '10.1.0.14',
  ]);
  assert.ok(!first.includes('10.1.0.20'), 'the load balancer');
});

test('planAddresses() leaves the addresses of scale sets to Azure and gives the others statically', () => {
  const plan = planOf(edited({ [`${POOL}.availabilityProfile`]: 'VirtualMachineScaleSets' }));
  const allocations = plan.nodes.map(
    ({ pool: name, nic }) => `${name} ${[...new Set(nic.ipConfigs.map((one) => one.allocation))]}`,
  );
  assert.deepEqual([...new Set(allocations)], ['master Static', 'linux Dynamic']);
});

test('planAddresses() follows ipAddressCount and the --max-pods of a pool, before those of the cluster', () => {
  const plan = planOf(
    edited({
      [`${KUBERNETES}.kubeletConfig`]: { 'max-Pods': '20' },
      'properties.agentPoolProfiles': [
        pool('a', { kubernetesConfig: { kubeletConfig: { '--max-pods': '50' } } }),
        pool('b', { ipAddressCount: 8 }),
      ],
    }),
  );
  const counts = new Map(
    plan.nodes.map((node) => [node.pool, `${node.nic.ipConfigs.length}/${node.maxPods}`]),
  );
  assert.deepEqual(
    [...counts],
    [
      ['master', '21/20'],
      ['a', '51/50'],
      ['b', '8/20'],
    ],
  );
});

test('planAddresses() counts the headroom by (nodes + 1) + (nodes + 1) × maxPods', () => {
  const [subnet] = planOf(edited({})).subnets;
  // 4096 − 5 − 1 load balancer − 5 nodes × 31, one of the rest kept for an upgrade.
  assert.equal(subnet?.freeCount, 3935);
  assert.deepEqual(subnet?.headroom, {
    surgeAddresses: 31,
    surgeFits: true,
    moreNodes: new Map([['linux', Math.floor((3935 - 31) / 31)]]),
  });
});

test('names of Windows nodes have at most 15 characters, and no two nodes have the same', () => {
  const windows = { osType: 'Windows', availabilityProfile: 'VirtualMachineScaleSets' };
  const plan = planOf(
    edited({
      'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword: 'correct-Horse-7' },
      'properties.agentPoolProfiles': [pool('w1', { ...windows, count: 40 }), pool('w2', windows)],
    }),
  );
  assertSound(plan);
  for (const { name, osType } of plan.nodes) assert.ok(osType === 'Linux' || name.length <= 15, name);
});
