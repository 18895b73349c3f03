/** The schemas themselves: what they accept, and that they can refuse. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Properties } from '../../../support/arm/expand.ts';
import { example, generated } from '../../../support/arm/generated.ts';
import { schemaOf, violations } from '../../../support/arm/schemas.ts';

test('the schema of a NIC accepts one with 31 ipconfigs as Azure documents it', () => {
  const path = fileURLToPath(new URL('../../../fixtures/arm/nic-31.json', import.meta.url));
  const [nic] = JSON.parse(readFileSync(path, 'utf8')).resources;
  assert.deepEqual(violations(schemaOf(nic.type), nic), []);
});

test('the schemas refuse what Azure would refuse', () => {
  const { template, expanded, files } = generated(example('windows-pool.json'));
  const refusals: [string, (resource: Properties) => void][] = [
    ['networkInterfaces', ({ properties }) => (properties.ipConfigurations[1].properties.primary = true)],
    ['networkInterfaces', ({ properties }) => (properties.ipConfigurations[0].properties.primary = false)],
    ['networkInterfaces', ({ properties }) => delete properties.ipConfigurations[1].properties.subnet],
    [
      'networkInterfaces',
      ({ properties }) => (properties.ipConfigurations[1].properties.privateIpAddress = ''),
    ],
    ['networkInterfaces', (nic) => (nic.name = 'x'.repeat(81))],
    ['loadBalancers', ({ properties }) => (properties.probes[0].properties.intervalInSeconds = 4)],
    ['networkSecurityGroups', ({ properties }) => (properties.securityRules[0].properties.priority = 99)],
    ['publicIPAddresses', ({ properties }) => (properties.dnsSettings.domainNameLabel = 'Upper')],
    ['virtualMachines', ({ properties }) => (properties.osProfile.computerName = 'a'.repeat(65))],
    ['virtualMachines', ({ properties }) => (properties.osProfile.customData = '#cloud-config')],
  ];
  for (const [kind, damage] of refusals) {
    const resource = structuredClone(
      expanded.resources.find(({ type }) => schemaOf(type) === kind),
    ) as Properties;
    assert.ok(resource !== undefined, kind);
    assert.deepEqual(violations(kind, resource), []);
    damage(resource);
    assert.notDeepEqual(violations(kind, resource), [], `${kind}: ${damage}`);
  }
  const insecure = structuredClone(template) as Properties;
  insecure.parameters.servicePrincipalClientSecret.defaultValue = 'azure123';
  assert.notDeepEqual(violations('template', insecure), []);
  const parameters = JSON.parse(files.get('azuredeploy.parameters.json') ?? '');
  parameters.parameters.adminUsername = 'azureuser';
  assert.notDeepEqual(violations('parameters', parameters), []);
});
