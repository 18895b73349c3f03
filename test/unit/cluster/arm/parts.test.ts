/** Parts of the template by what they are for: load balancers, security group, identities, the order of addresses. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { generateCluster } from '../../../../src/cluster/generate.ts';
import { formatIpv4 } from '../../../../src/net/ipv4.ts';
import type { ExpandedResource, Properties } from '../../../support/arm/expand.ts';
import { example, generated, RELEASE } from '../../../support/arm/generated.ts';
import { cloudConfigs, ofType } from '../../../support/arm/resources.ts';
import { schemaOf, violations } from '../../../support/arm/schemas.ts';

test('the internal load balancer is there with several masters, and sends the API to another port', () => {
  const { plan, expanded } = generated(example('three-masters.json'));
  const [open, internal] = ofType(expanded.resources, 'loadBalancers');
  const ports = (balancer: ExpandedResource | undefined): number[] => {
    const [{ properties: rule }] = balancer?.properties.loadBalancingRules ?? [];
    const [{ properties: probe }] = balancer?.properties.probes ?? [];
    return [rule.frontendPort, rule.backendPort, probe.port];
  };
  assert.deepEqual(ports(open), [443, 443, 443]);
  assert.deepEqual(ports(internal), [443, 4443, 4443]);
  const [front] = internal?.properties.frontendIPConfigurations ?? [];
  assert.equal(front.properties.privateIPAddress, formatIpv4(plan.apiServer));
  const masters = ofType(expanded.resources, 'networkInterfaces').filter(({ name }) =>
    name.startsWith('k8s-master'),
  );
  for (const [index, { properties }] of masters.entries()) {
    const [first, ...others]: Properties[] = properties.ipConfigurations;
    assert.equal(first.properties.loadBalancerBackendAddressPools.length, 2);
    assert.match(first.properties.loadBalancerInboundNatRules[0].id, new RegExp(`/ssh-${index}$`));
    assert.ok(others.every((one) => one.properties.loadBalancerBackendAddressPools.length === 0));
  }
  assert.equal(ofType(generated(example('page.json')).expanded.resources, 'loadBalancers').length, 1);
});

test('what has fixed addresses is made before scale sets take theirs', () => {
  const { resources } = generated(
    example('two-pools.json').replaceAll('"AvailabilitySet"', '"VirtualMachineScaleSets"'),
  ).expanded;
  const sets = ofType(resources, 'virtualMachineScaleSets');
  const nics = ofType(resources, 'networkInterfaces');
  assert.ok(sets.length > 0 && nics.length > 0);
  for (const set of sets)
    for (const nic of nics) assert.ok(set.dependsOn.includes(nic.id), `${set.name} ${nic.name}`);
});

test('the security group is on the NICs of an existing subnet, and on the subnet that the template makes', () => {
  const groupOf = ({ properties }: ExpandedResource): unknown => properties.networkSecurityGroup?.id;
  const custom = generated(example('page.json')).expanded.resources;
  assert.equal(ofType(custom, 'virtualNetworks').length, 0);
  const [nsg] = ofType(custom, 'networkSecurityGroups');
  assert.ok(ofType(custom, 'networkInterfaces').every((nic) => groupOf(nic) === nsg?.id));
  const own = generated(example('three-masters.json')).expanded.resources;
  assert.ok(ofType(own, 'networkInterfaces').every((nic) => groupOf(nic) === undefined));
  const [vnet] = ofType(own, 'virtualNetworks');
  assert.ok(
    vnet?.properties.subnets.every(({ properties }: Properties) => properties.networkSecurityGroup.id),
  );
});

test('generateCluster() names what has to be filled in, and nothing when all is known', () => {
  const { unfilled, parameters } = generated(example('page.json'), { version: 'v0.1.0' });
  assert.deepEqual([...unfilled].sort(), [
    'installerSha256',
    'pluginReleasesUrl',
    'servicePrincipalClientSecret',
  ]);
  assert.match(JSON.stringify(parameters.servicePrincipalClientSecret), /vaults\/<vault name>/);
  const vault = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v';
  const known = example('page.json').replace(
    /"secret": .*/,
    `"keyvaultSecretRef": { "vaultID": "${vault}", "secretName": "sp", "version": "1" }`,
  );
  const filled = generated(known);
  assert.deepEqual(filled.unfilled, []);
  assert.deepEqual(filled.parameters.servicePrincipalClientSecret?.reference, {
    keyVault: { id: vault },
    secretName: 'sp',
    secretVersion: '1',
  });
});

test('machines have an identity of their own where there is no service principal', () => {
  const managed = example('page.json')
    .replace(/"kubernetesConfig": \{/, '"kubernetesConfig": { "useManagedIdentity": true,')
    .replace(/,\s*"servicePrincipalProfile": \{[^}]*\}/, '');
  const { expanded, template, unfilled } = generated(managed);
  const machines = ofType(expanded.resources, 'virtualMachines');
  assert.ok(
    machines.length > 0 &&
      machines.every(({ identity }) => (identity as Properties).type === 'SystemAssigned'),
  );
  assert.deepEqual(
    expanded.resources.flatMap((one) => violations(schemaOf(one.type), one)),
    [],
  );
  assert.ok(!Object.keys(template.parameters).some((name) => name.startsWith('servicePrincipal')));
  assert.deepEqual(unfilled, []);
  for (const config of cloudConfigs(expanded.resources)) {
    assert.equal(JSON.parse(config).useManagedIdentityExtension, true);
  }
  const named = ofType(generated(example('page.json')).expanded.resources, 'virtualMachines');
  assert.ok(named.every(({ identity }) => identity === undefined));
});

test('generateCluster() refuses more resources than a deployment takes, with the next step', () => {
  const { definition, plan } = generated(example('page.json'));
  const [pool] = definition.pools;
  assert.ok(pool !== undefined);
  const agents = plan.nodes.filter(({ role }) => role === 'agent');
  const many = Array.from(
    { length: 270 },
    (_, index) => ({ ...agents[0], index, name: `n${index}` }) as (typeof agents)[0],
  );
  const nodes = [...plan.nodes.filter(({ role }) => role === 'master'), ...many];
  const refused = generateCluster(
    { ...definition, pools: [{ ...pool, count: 270 }] },
    { ...plan, nodes },
    RELEASE,
  );
  assert.match(
    refused.ok ? '' : refused.error,
    /^the cluster has 81\d resources, and a deployment takes 800: use scale sets/,
  );
});
