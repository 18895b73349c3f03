import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Fields } from '../../../src/cni/fields.ts';
import type { JsonObject } from '../../../src/sys/json.ts';
import { type EndpointPolicy, readAdditionalArgs } from '../../../src/windows/policies.ts';
import { policyV1 } from '../../../src/windows/policies-v1.ts';
import { policiesV2 } from '../../../src/windows/policies-v2.ts';
import { portMappingSettings, readPortMappings } from '../../../src/windows/port-mappings.ts';
import { endpointName, sandboxOf } from '../../../src/windows/sandbox.ts';
import { ETHERNET, LOOPBACK, NAMESPACE, WindowsMachine } from './machine.ts';

function fixture<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/hns/${name}.json`, import.meta.url), 'utf8'));
}

// ---- whole requests ----

interface RequestCase {
  readonly name: string;
  readonly netns: string;
  readonly args?: string;
  readonly adapter?: string;
  readonly config: JsonObject;
  readonly text: readonly string[];
}
const CHANGES = /^(POST|DELETE|Hcs|HcnCreate|HcnModify|HcnDelete)/;

for (const { name, netns, args = '', adapter, config, text } of fixture<RequestCase>('requests')) {
  test(`ADD asks HNS byte for byte what it should: ${name}`, () => {
    const vm = new WindowsMachine();
    if (adapter !== undefined) vm.adapters = [LOOPBACK, { ...ETHERNET, name: adapter }];
    const where = netns.replace('{namespace}', NAMESPACE);
    const added = vm.run({ command: 'ADD', netns: where, args, config });
    assert.equal(added.status, 0, JSON.stringify(added.document));
    const ids = { '{network}': vm.hns.networks[0]?.id ?? '', '{endpoint}': vm.hns.endpoints[0]?.id ?? '' };
    const expected = text.map((line) =>
      Object.entries(ids).reduce((all, [mark, id]) => all.replaceAll(mark, id), line),
    );
    assert.deepEqual(
      vm.hns.calls.filter((call) => CHANGES.test(call)),
      expected,
    );
  });
}

// ---- policies ----

interface PolicyCase {
  readonly name: string;
  readonly value: JsonObject;
  readonly v1: string;
  readonly v2?: string;
  readonly v2Error?: string;
}

function policiesOf(value: JsonObject): readonly EndpointPolicy[] {
  const fields = new Fields({ AdditionalArgs: [{ Name: 'EndpointPolicy', Value: value }] });
  const { endpoint } = readAdditionalArgs(fields);
  assert.deepEqual(fields.problems, []);
  return endpoint;
}

for (const { name, value, v1, v2, v2Error } of fixture<PolicyCase>('policies')) {
  test(`policyV1() and policiesV2() write ${name}`, () => {
    const policies = policiesOf(value);
    assert.deepEqual(
      policies.map(policyV1).map((policy) => JSON.stringify(policy)),
      [v1],
    );
    const written = policiesV2(policies);
    if (v2 !== undefined)
      assert.deepEqual(written.ok && written.value.map((one) => JSON.stringify(one)), [v2]);
    if (v2Error !== undefined)
      assert.ok(!written.ok && written.error.message.startsWith(v2Error), JSON.stringify(written));
  });
}

test('readAdditionalArgs() sorts by the class, and leaves what is no policy', () => {
  const args = [
    { name: 'EndpointPolicy', value: { Type: 'QOS' } },
    { name: 'NetworkPolicy', value: { Type: 'VLAN' } },
    { name: 'SubnetPolicy', value: { Type: 'x' } },
    { name: 'Something', value: 5 },
  ];
  const fields = new Fields({ AdditionalArgs: args });
  const { endpoint, network } = readAdditionalArgs(fields);
  assert.deepEqual([endpoint.length, network], [1, [{ Type: 'VLAN' }]]);
  assert.deepEqual(fields.problems, []);
});

// ---- ports ----

interface PortCase {
  readonly dualStack: boolean;
  readonly in: JsonObject;
  readonly out: readonly JsonObject[];
}
for (const { dualStack, in: given, out } of fixture<PortCase>('port-mappings')) {
  test(`readPortMappings() reads ${JSON.stringify(given)}${dualStack ? ' for both families' : ''}`, () => {
    const fields = new Fields({ portMappings: [given] });
    const settings = readPortMappings(fields, dualStack).map(portMappingSettings);
    assert.deepEqual(
      settings.map((one) => JSON.stringify(one)),
      out.map((one) => JSON.stringify(one)),
    );
    assert.deepEqual(fields.problems, []);
  });
}

for (const wrong of [
  { hostPort: 0, containerPort: 80 },
  { hostPort: 80, containerPort: 65_536 },
  { hostPort: '80', containerPort: 80 },
  { containerPort: 80 },
  { hostPort: 80, containerPort: 80, protocol: 'sctp' },
  { hostPort: 80, containerPort: 80, hostIP: 'x' },
]) {
  test(`readPortMappings() refuses ${JSON.stringify(wrong)}`, () => {
    const fields = new Fields({ portMappings: [wrong] });
    readPortMappings(fields, false);
    assert.equal(fields.problems.length, 1);
  });
}

test('readPortMappings() takes tcp for no protocol, and no address for 0.0.0.0', () => {
  const fields = new Fields({ portMappings: [{ hostPort: 1, containerPort: 2, hostIP: '0.0.0.0' }] });
  assert.deepEqual(readPortMappings(fields, false), [
    { hostPort: 1, containerPort: 2, protocol: 'tcp', family: 4 },
  ]);
});

// ---- names ----

interface NameCase {
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  readonly endpoint: string;
  readonly workload?: string;
}
for (const { netns, endpoint, workload, ...attachment } of fixture<NameCase>('names')) {
  test(`endpointName() of ${attachment.containerId} in ${netns}`, () => {
    const sandbox = sandboxOf(netns);
    const owner = sandbox.kind === 'shared' ? { ...attachment, containerId: sandbox.infraId } : attachment;
    assert.equal(endpointName(owner), endpoint);
    assert.equal(sandbox.kind === 'shared' ? endpointName(attachment) : undefined, workload);
  });
}

test('sandboxOf() takes a GUID for a namespace, in any case and with braces', () => {
  for (const text of [NAMESPACE, NAMESPACE.toUpperCase(), `{${NAMESPACE}}`]) {
    assert.deepEqual(sandboxOf(text), { kind: 'namespace', id: NAMESPACE });
  }
  for (const text of ['none', '', 'container:', 'a:b:c', `${NAMESPACE}0`]) {
    assert.deepEqual(sandboxOf(text), { kind: 'container' });
  }
});
