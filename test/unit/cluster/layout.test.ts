/** What is not filled in, and what can be planned all the same. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { planDocument } from '../../../src/cluster/plan-document.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { edited, example, KUBERNETES, MASTER, POOL, pool } from '../../support/definition.ts';

function codesOf(text: string): string[] {
  return readDefinition(text).findings.map(({ code }) => code);
}

function plan(text: string) {
  const { layout } = readDefinition(text);
  return layout && planDocument(planAddresses(layout));
}

test('readDefinition() has a layout of the definition as it is printed, with the addresses of the filled one', () => {
  const printed = readDefinition(example('page-as-printed.json'));
  assert.equal(printed.definition, undefined);
  assert.deepEqual(plan(example('page-as-printed.json'))?.nodes, plan(example('page.json'))?.nodes);
});

const subnet = (names: string) =>
  `/subscriptions/${names}/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<vnet>/subnets/nodes`;

/** Nothing is said of them but that they are placeholders, and the plan is that of the filled definition. */
const WITHOUT_ADDRESSES: Readonly<Record<string, string>> = {
  'the administrator': edited({ 'properties.linuxProfile.adminUsername': '<name>' }),
  'all of linuxProfile': edited({ 'properties.linuxProfile': 0 }).replace(
    '"linuxProfile": 0',
    '"linuxProfile": {…}',
  ),
  'all of servicePrincipalProfile': edited({ 'properties.servicePrincipalProfile': 0 }).replace(
    '"servicePrincipalProfile": 0',
    '"servicePrincipalProfile": {...}',
  ),
  'a secret': edited({ 'properties.servicePrincipalProfile.secret': '<secret>' }),
  sizes: edited({ [`${MASTER}.vmSize`]: '<size>', [`${POOL}.vmSize`]: '<size>' }),
  'the names around the subnet': edited({
    [`${MASTER}.vnetSubnetID`]: subnet('<id>'),
    [`${POOL}.vnetSubnetID`]: subnet('<ID>'),
  }),
  'those of one profile only': edited({ [`${MASTER}.vnetSubnetID`]: subnet('<id>') }),
};

for (const [what, text] of Object.entries(WITHOUT_ADDRESSES)) {
  test(`readDefinition() has a layout without ${what}`, () => {
    assert.ok(codesOf(text).includes('placeholder'));
    assert.deepEqual(
      codesOf(text).filter((code) => code !== 'placeholder'),
      [],
    );
    assert.equal(readDefinition(text).definition, undefined);
    assert.deepEqual(plan(text)?.nodes, plan(edited({}))?.nodes);
  });
}

const WITH_ADDRESSES: Readonly<Record<string, string>> = {
  'the range': edited({ [`${KUBERNETES}.clusterSubnet`]: '<range>' }),
  'the VNet': edited({ [`${MASTER}.vnetCidr`]: '<range>' }),
  'the first address': edited({ [`${MASTER}.firstConsecutiveStaticIP`]: '<address>' }),
  'the prefix that names follow from': edited({ [`${MASTER}.dnsPrefix`]: '<prefix>' }),
  'the name of a subnet': edited({ [`${POOL}.vnetSubnetID`]: subnet('s').replace('/nodes', '/<subnet>') }),
  'the name of a pool': edited({ [`${POOL}.name`]: '<name>' }),
  'the system of a pool': edited({ [`${POOL}.osType`]: '<Linux or Windows>' }),
  'all masters': edited({ [MASTER]: 0 }).replace('"masterProfile": 0', '"masterProfile": {…}'),
  'some fields of the masters': edited({}).replace('"count": 3,', '"count": 3, …'),
  'a pool': edited({ 'properties.agentPoolProfiles': [pool('linux'), 0] }).replace(/\b0\s*\]/, '{…}]'),
  'what is said of kubelet': edited({ [`${KUBERNETES}.kubeletConfig`]: 0 }).replace(
    '"kubeletConfig": 0',
    '"kubeletConfig": {…}',
  ),
};

for (const [what, text] of Object.entries(WITH_ADDRESSES)) {
  test(`readDefinition() has no layout without ${what}`, () => {
    assert.ok(codesOf(text).includes('placeholder'), codesOf(text).join());
    assert.equal(readDefinition(text).layout, undefined);
  });
}

test('readDefinition() has no layout when something else is wrong as well', () => {
  const text = edited({ 'properties.linuxProfile.adminUsername': '<name>', [`${POOL}.count`]: 101 });
  assert.equal(readDefinition(text).layout, undefined);
});

test('readDefinition() names the field of a placeholder', () => {
  const paths = readDefinition(example('page-as-printed.json'))
    .findings.filter(({ code }) => code === 'placeholder')
    .map(({ place }) => place.path);
  assert.deepEqual(
    [...new Set(paths)],
    [
      'properties.masterProfile.vnetSubnetId',
      'properties.agentPoolProfiles[0].vnetSubnetId',
      'properties.linuxProfile.ssh.publicKeys[0]',
    ],
  );
});
