/** The template as Resource Manager would see it: after its loops have run. What is true of each. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { scaleSetInstance } from '../../../../src/cluster/names.ts';
import { formatIpv4 } from '../../../../src/net/ipv4.ts';
import { expand, type Properties } from '../../../support/arm/expand.ts';
import { example, generated, SECRET } from '../../../support/arm/generated.ts';
import {
  cloudConfigs,
  cyclesIn,
  idsIn,
  ofType,
  ownerOf,
  partsOf,
  reachable,
  withoutLists,
} from '../../../support/arm/resources.ts';
import { schemaOf, violations } from '../../../support/arm/schemas.ts';

const EXAMPLES = readdirSync(fileURLToPath(new URL('../../../../examples/cluster', import.meta.url)))
  .filter((name) => name.endsWith('.json') && name !== 'page-as-printed.json')
  .sort();

/** The page's example with nothing but scale sets. */
function scaleSets(): string {
  const subnet = /"vnetSubnetId": (".*")/.exec(example('page.json'))?.[1];
  const instead = `"availabilityProfile": "VirtualMachineScaleSets", "agentVnetSubnetId": ${subnet},`;
  return example('page.json')
    .replace('"AvailabilitySet"', '"VirtualMachineScaleSets"')
    .replace(/"firstConsecutiveStaticIP": .*/, instead);
}

const CLUSTERS: readonly (readonly [string, string])[] = [
  ...EXAMPLES.map((name) => [name, example(name)] as const),
  ['page.json with scale sets', scaleSets()],
  [
    'windows-pool.json with scale sets of agents',
    example('windows-pool.json').replaceAll('"AvailabilitySet"', '"VirtualMachineScaleSets"'),
  ],
];

for (const [name, text] of CLUSTERS) {
  test(`generateCluster() makes what the schemas of Azure accept: ${name}`, () => {
    const cluster = generated(text);
    const { template, parameters, expanded, files } = cluster;
    assert.deepEqual(violations('template', template), []);
    assert.deepEqual(
      violations('parameters', JSON.parse(files.get('azuredeploy.parameters.json') ?? '')),
      [],
    );
    assert.ok(Object.keys(parameters).every((key) => Object.hasOwn(template.parameters, key)));
    assert.ok(expanded.resources.length >= 5);
    assert.deepEqual(
      expanded.resources.flatMap((resource) => violations(schemaOf(resource.type), withoutLists(resource))),
      [],
    );
  });

  test(`every name is there once, every reference leads somewhere, nothing waits for itself: ${name}`, () => {
    const { resources } = generated(text).expanded;
    const ids = resources.map(({ id }) => id.toLowerCase());
    assert.equal(new Set(ids).size, ids.length);
    const known = new Set([...ids, ...resources.flatMap(partsOf)].map((id) => id.toLowerCase()));
    for (const { id, dependsOn, properties } of resources) {
      const own = idsIn(properties).filter((other) => other.includes('/resourceGroups/group/'));
      for (const other of [...dependsOn, ...own]) {
        assert.ok(known.has(other.toLowerCase()), `${id} refers to ${other}`);
      }
    }
    const waits = new Map(
      resources.map((one) => [one.id.toLowerCase(), one.dependsOn.map((id) => id.toLowerCase())]),
    );
    assert.deepEqual(cyclesIn(waits), []);
    // Resource Manager makes nothing that a resource refers to before its time: it has to be waited for.
    for (const { id, properties } of resources) {
      const needs = idsIn(properties)
        .map((other) => ownerOf(other, ids))
        .filter((owner) => owner !== undefined);
      const before = reachable(waits, id.toLowerCase());
      for (const owner of needs)
        assert.ok(owner === id.toLowerCase() || before.has(owner), `${id} does not wait for ${owner}`);
    }
  });

  test(`NICs have exactly the planned addresses, scale sets as many: ${name}`, () => {
    const { plan, expanded } = generated(text);
    const nics = new Map(ofType(expanded.resources, 'networkInterfaces').map((nic) => [nic.name, nic]));
    const fixed = plan.nodes.filter(({ availability }) => availability === 'AvailabilitySet');
    assert.equal(nics.size, fixed.length);
    for (const { nic, name: node } of fixed) {
      const configs: Properties[] = nics.get(nic.name)?.properties.ipConfigurations ?? [];
      assert.deepEqual(
        configs.map(({ name: config, properties }) => [
          config,
          properties.privateIPAddress,
          properties.primary,
        ]),
        nic.ipConfigs.map((config) => [config.name, formatIpv4(config.address), config.primary]),
      );
      const machine = ofType(expanded.resources, 'virtualMachines').find((one) => one.name === node);
      assert.deepEqual(machine?.properties.networkProfile.networkInterfaces, [
        { id: nics.get(nic.name)?.id },
      ]);
      assert.equal(machine?.properties.osProfile.computerName, node);
    }
    const scaled = ofType(expanded.resources, 'virtualMachineScaleSets');
    for (const set of scaled) {
      const profile = set.properties.virtualMachineProfile;
      const nodes = plan.nodes.filter(({ name: node }) =>
        node.startsWith(profile.osProfile.computerNamePrefix),
      );
      assert.deepEqual(
        nodes.map((node) => node.name),
        Array.from({ length: (set.sku as Properties).capacity }, (_, index) => {
          return `${profile.osProfile.computerNamePrefix}${scaleSetInstance(index)}`;
        }),
      );
      const [nic] = profile.networkProfile.networkInterfaceConfigurations;
      assert.equal(nic.properties.ipConfigurations.length, nodes[0]?.nic.ipConfigs.length);
    }
  });

  test(`a node boots with the very files that are written for it: ${name}`, () => {
    const { plan, expanded, files } = generated(text);
    const machines = ofType(expanded.resources, 'virtualMachines').map(({ name: node, properties }) => ({
      node,
      boot: properties.osProfile.customData,
    }));
    const sets = ofType(expanded.resources, 'virtualMachineScaleSets').flatMap(({ properties }) => {
      const { computerNamePrefix, customData } = properties.virtualMachineProfile.osProfile;
      return plan.nodes
        .filter((node) => node.name.startsWith(computerNamePrefix))
        .map((node) => ({ node: node.name, boot: customData }));
    });
    const boots = [...machines, ...sets];
    assert.equal(boots.length, plan.nodes.length);
    for (const { node, boot } of boots) {
      const windows = plan.nodes.find((one) => one.name === node)?.osType === 'Windows';
      const file = files.get(`nodes/${node}/${windows ? 'setup.ps1' : 'cloud-init.yaml'}`);
      assert.equal(Buffer.from(boot, 'base64').toString(), file);
    }
  });

  test(`no secret of the definition is in any file, nor in what anybody may read: ${name}`, () => {
    const { definition, files, template, parameters, expanded } = generated(text);
    const { servicePrincipal, windows } = definition;
    const secrets = [
      ...(servicePrincipal?.secret.kind === 'text' ? [servicePrincipal.secret.text] : []),
      ...(windows === undefined ? [] : [windows.adminPassword]),
    ];
    assert.ok(secrets.length > 0 || servicePrincipal?.secret.kind === 'keyVault');
    for (const [path, content] of files) {
      for (const secret of secrets) assert.ok(!content.includes(secret), `${path} has ${secret}`);
    }
    const secure = Object.entries(template.parameters).filter(([, { type }]) => type === 'secureString');
    for (const [key, { defaultValue }] of secure) {
      assert.ok(defaultValue === '' || parameters[key]?.reference !== undefined, key);
    }
    // After the deployment: protected settings and the password of the administrator are never shown.
    const shown = JSON.stringify(expanded.resources, (key, value) =>
      key === 'protectedSettings' || key === 'adminPassword' ? undefined : value,
    );
    assert.ok(!shown.includes(SECRET));
    const configs = cloudConfigs(expanded.resources);
    assert.ok(configs.length >= expanded.resources.filter(({ type }) => type.endsWith('/extensions')).length);
    for (const config of configs) assert.equal(JSON.parse(config).aadClientSecret, SECRET);
  });

  test(`the same definition gives the same bytes: ${name}`, () => {
    assert.deepEqual(generated(text).files, generated(text).files);
  });
}

test('each node runs the command for its own system', () => {
  const { plan, template, parameters } = generated(example('windows-pool.json'));
  const values = Object.entries(parameters).map(([key, { value }]) => [key, value ?? SECRET]);
  const commands = { nodeCommand: 'kubeadm join', windowsNodeCommand: 'Join-Cluster' };
  const { resources } = expand(template, { ...Object.fromEntries(values), ...commands });
  const windows = new Map(plan.nodes.map(({ name, osType }) => [name, osType === 'Windows']));
  const extensions = ofType(resources, 'virtualMachines/extensions');
  assert.equal(extensions.length, plan.nodes.length);
  for (const { name, properties } of extensions) {
    const { script, commandToExecute } = properties.protectedSettings;
    const text: string = commandToExecute ?? Buffer.from(script, 'base64').toString();
    const has = (command: string) => text.includes(Buffer.from(command).toString('base64'));
    const isWindows = windows.get(name.split('/')[0] ?? '') === true;
    assert.deepEqual([has('kubeadm join'), has('Join-Cluster')], [!isWindows, isWindows], name);
  }
});
