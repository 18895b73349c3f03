/** The picture of the plan: every address in its place, once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { planPicture } from '../../../src/cluster/picture.ts';
import { runsOf } from '../../../src/cluster/picture-runs.ts';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { edited, KUBERNETES, MASTER, MASTER_SUBNET, POOL, pool } from '../../support/definition.ts';

function planOf(changes: Parameters<typeof edited>[0]) {
  const { definition, findings } = readDefinition(edited(changes));
  assert.ok(definition, findings.map(({ message }) => message).join('\n'));
  return planAddresses(definition);
}

test('runsOf() covers what is used, kept or reserved, and nothing twice', () => {
  const plan = planOf({ 'properties.agentPoolProfiles': [pool('a'), pool('b', { ipAddressCount: 3 })] });
  for (const subnet of plan.subnets) {
    const runs = runsOf(plan, subnet);
    let next = 0;
    for (const { offset, length } of runs) {
      assert.ok(offset >= next && length > 0, `${offset} after ${next}`);
      next = offset + length;
    }
    const covered = runs.reduce((sum, { length }) => sum + length, 0);
    assert.equal(covered, subnet.used + subnet.reserved.length + subnet.headroom.surgeAddresses);
  }
});

/** Rectangles of a row of the map: left edge and width in addresses. */
function cells(svg: string): { x: number; width: number; label: string }[] {
  const pattern = /<rect x="(\d+)" y="\d+" width="(\d+)" height="11" fill="[^"]+"><title>([^<]+)<\/title>/g;
  return [...svg.matchAll(pattern)].map(([, x, width, label = '']) => ({
    x: Number(x),
    width: Number(width),
    label,
  }));
}

test('planPicture() draws each run where it is, cut at the ends of rows', () => {
  const svg = planPicture(planOf({}));
  const all = cells(svg);
  const row = 64 * 11;
  for (const { x, width } of all) assert.ok(x >= 120 && x + width <= 120 + row, `${x} ${width}`);
  // The first four of Azure, then 30 pods of the first master from the fifth place on.
  assert.deepEqual(
    all.slice(3, 5).map(({ x, width, label }) => [(x - 120) / 11, (width + 1) / 11, label]),
    [
      [3, 1, "10.1.0.3: Azure's own"],
      [4, 30, '10.1.0.4-10.1.0.33: pods of k8s-master-35771284-0'],
    ],
  );
  assert.equal(all.filter(({ label }) => label === '10.1.15.210: internal load balancer').length, 1);
  assert.match(svg, />10\.1\.0\.192-10\.1\.15\.191: 3,840 free</);
});

test('planPicture() is the same for the same plan, well-formed, and as high as it has to be', () => {
  const svg = planPicture(planOf({}));
  assert.equal(svg, planPicture(planOf({})));
  const open = [...svg.matchAll(/<(\w+)(?:\s[^>]*[^/])?>/g)].map(([, name]) => name);
  const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name);
  assert.deepEqual(open.sort(), closed.sort());
  const height = Number(/ height="(\d+)"/.exec(svg)?.[1]);
  for (const [, y] of svg.matchAll(/ y="(\d+)"/g)) assert.ok(Number(y) < height);
});

test('planPicture() writes names as text, whatever is in them', () => {
  const name = 'a&b"c\'d';
  const id = MASTER_SUBNET.replace(/nodes$/, name);
  const svg = planPicture(planOf({ [`${MASTER}.vnetSubnetID`]: id, [`${POOL}.vnetSubnetID`]: id }));
  assert.match(svg, /Subnet a&amp;b&quot;c'd 10\.1\.0\.0\/20/);
});

test('planPicture() of the largest subnet stays small: what is free is one line', () => {
  const big = {
    [`${MASTER}.vnetCidr`]: '10.0.0.0/8',
    [`${KUBERNETES}.clusterSubnet`]: '10.0.0.0/8',
    [`${MASTER}.firstConsecutiveStaticIP`]: '10.255.255.200',
    [`${KUBERNETES}.serviceCidr`]: '100.64.0.0/16',
    [`${KUBERNETES}.dnsServiceIP`]: '100.64.0.10',
  };
  assert.ok(planPicture(planOf(big)).length < 10_000);
});
