/** Whatever a cluster is made of, what comes out can be deployed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { readDefinition } from '../../../../src/cluster/read-definition.ts';
import { formatIpv4 } from '../../../../src/net/ipv4.ts';
import { example, generated } from '../../../support/arm/generated.ts';
import { schemaOf, violations } from '../../../support/arm/schemas.ts';

const SUBNET =
  '/subscriptions/11112222-bbbb-3333-cccc-4444dddd5555/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s';
const { properties: page } = JSON.parse(example('page.json').replace(/^\/\/.*\n/, ''));

const pool = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  osType: fc.constantFrom('Linux', 'Linux', 'Windows'),
  maxPods: fc.integer({ min: 1, max: 110 }),
  disks: fc.array(fc.integer({ min: 1, max: 1023 }), { maxLength: 4 }),
});

const cluster = fc.record({
  masters: fc.constantFrom(1, 3, 5),
  availability: fc.constantFrom('AvailabilitySet', 'VirtualMachineScaleSets'),
  pools: fc.array(pool, { minLength: 1, maxLength: 3 }),
  custom: fc.boolean(),
  sku: fc.constantFrom('Basic', 'Standard'),
  dnsPrefix: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{1,20}[A-Za-z0-9]$/),
  secret: fc.stringMatching(/^[!-~]{12,30}$/),
  release: fc.constantFrom('1.10', '1.12', '1.24', '1.29'),
});
type Cluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

function definitionOf({
  masters,
  availability,
  pools,
  custom,
  sku,
  dnsPrefix,
  secret,
  release,
}: Cluster): string {
  const subnet = custom ? { vnetSubnetId: SUBNET } : {};
  return JSON.stringify({
    apiVersion: 'vlabs',
    properties: {
      ...page,
      orchestratorProfile: {
        orchestratorType: 'Kubernetes',
        orchestratorRelease: release,
        kubernetesConfig: {
          clusterSubnet: '10.20.0.0/16',
          serviceCidr: '10.254.0.0/16',
          dnsServiceIP: '10.254.0.10',
          loadBalancerSku: sku,
        },
      },
      masterProfile: {
        count: masters,
        dnsPrefix,
        vmSize: 'Standard_D2_v3',
        vnetCidr: '10.20.0.0/16',
        ...(custom ? { firstConsecutiveStaticIP: '10.20.255.10' } : {}),
        ...subnet,
      },
      agentPoolProfiles: pools.map(({ count, osType, maxPods, disks }, index) => ({
        name: `pool${index}`,
        count,
        vmSize: 'Standard_D2_v3',
        osType,
        availabilityProfile: availability,
        kubernetesConfig: { kubeletConfig: { '--max-pods': String(maxPods) } },
        ...(disks.length === 0 ? {} : { diskSizesGB: disks, storageProfile: 'ManagedDisks' }),
        ...subnet,
      })),
      windowsProfile: { adminUsername: 'azureuser', adminPassword: `Aa1!${secret}` },
      servicePrincipalProfile: { clientId: 'client', secret },
    },
  });
}

test('generateCluster() of any cluster can be deployed, has the planned addresses and no secret', () => {
  let tried = 0;
  fc.assert(
    fc.property(cluster, (one) => {
      const text = definitionOf(one);
      fc.pre(readDefinition(text).definition !== undefined);
      tried += 1;
      const { template, parameters, expanded, files, plan } = generated(text);
      assert.deepEqual(violations('template', template), []);
      for (const resource of expanded.resources) {
        assert.deepEqual(violations(schemaOf(resource.type), resource), [], resource.name);
      }
      const ids = new Set(expanded.resources.map(({ id }) => id.toLowerCase()));
      assert.equal(ids.size, expanded.resources.length);
      for (const { dependsOn } of expanded.resources) {
        for (const id of dependsOn) assert.ok(ids.has(id.toLowerCase()), id);
      }
      const nics = expanded.resources.filter(({ type }) => type.endsWith('/networkInterfaces'));
      const addresses = nics.flatMap(({ properties }) =>
        properties.ipConfigurations.map(
          (config: { properties: { privateIPAddress: string } }) => config.properties.privateIPAddress,
        ),
      );
      const planned = plan.nodes.filter(({ availability }) => availability === 'AvailabilitySet');
      assert.deepEqual(
        [...addresses].sort(),
        planned.flatMap(({ nic }) => nic.ipConfigs.map(({ address }) => formatIpv4(address))).sort(),
      );
      for (const [path, content] of files) assert.ok(!content.includes(one.secret), path);
      assert.ok(!JSON.stringify(parameters).includes(one.secret));
    }),
    { numRuns: 25 },
  );
  assert.ok(tried >= 25);
});
