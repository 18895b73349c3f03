/** Every finding there is, each from the smallest change of a sound definition that makes it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FINDING_CODES } from '../../../src/cluster/finding.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { edited, KUBERNETES, MASTER, POOL } from '../../support/definition.ts';
import { ACCOUNTS_CASES } from './findings/accounts.ts';
import { CAPACITY_CASES } from './findings/capacity.ts';
import { type Case, cidr } from './findings/case.ts';
import { FIELDS_CASES } from './findings/fields.ts';
import { KUBERNETES_CASES } from './findings/kubernetes.ts';
import { RANGES_CASES } from './findings/ranges.ts';
import { SUBNETS_CASES } from './findings/subnets.ts';
import { TEXT_CASES } from './findings/text.ts';

const CASES: readonly Case[] = [
  ...TEXT_CASES,
  ...FIELDS_CASES,
  ...ACCOUNTS_CASES,
  ...KUBERNETES_CASES,
  ...RANGES_CASES,
  ...SUBNETS_CASES,
  ...CAPACITY_CASES,
];

for (const [index, one] of CASES.entries()) {
  const { code, severity = 'error', text, changes = {}, options, message, other, path } = one;
  const about = text === undefined ? Object.keys(changes).join(', ') : text.slice(0, 40);
  test(`readDefinition() finds ${code} (${index}: ${about})`, () => {
    const { findings, definition } = readDefinition(text ?? edited(changes), options);
    const shown = findings.map((finding) => `${finding.code}: ${finding.message}`).join('\n');
    const found = findings.find(
      (finding) =>
        finding.code === code &&
        finding.severity === severity &&
        (message?.test(finding.message) ?? true) &&
        (other === undefined || finding.other !== undefined),
    );
    assert.ok(found, shown);
    assert.ok(path === undefined || found.place.path.endsWith(path), found.place.path);
    assert.doesNotMatch(found.message, /\n|undefined|\[object/);
    assert.equal(
      definition === undefined,
      findings.some((finding) => finding.severity === 'error'),
      shown,
    );
  });
}

test('every code is found by a case, and what is in order has no finding', () => {
  assert.deepEqual(
    FINDING_CODES.filter((code) => !CASES.some((one) => one.code === code)),
    [],
  );
  assert.deepEqual(readDefinition(edited({})).findings, []);
});

test('readDefinition() points at the value: line, column, the line itself, and how long it is', () => {
  const text = '{\n\t"apiVersion": "v2",\n  "properties": {} }';
  const [first] = readDefinition(text, { file: 'my.json' }).findings;
  assert.deepEqual(first, {
    code: 'missing',
    severity: 'error',
    message: 'properties.orchestratorProfile is missing: it says that this is for Kubernetes',
    place: {
      file: 'my.json',
      line: 3,
      column: 17,
      sourceLine: '  "properties": {} }',
      pointerStart: 16,
      pointerLength: 1,
      path: 'properties',
    },
  });
  const version = readDefinition(edited({ apiVersion: 'v2' })).findings.find(
    ({ code }) => code === 'api-version',
  );
  assert.deepEqual([version?.place.line, version?.place.column, version?.place.pointerLength], [2, 17, 4]);
});

test('readDefinition() takes the range of the masters from --subnet when clusterSubnet is not written', () => {
  const { definition, findings } = readDefinition(edited({ [`${KUBERNETES}.clusterSubnet`]: undefined }), {
    subnets: new Map([['nodes', cidr('10.1.0.0/20')]]),
  });
  assert.deepEqual(findings, []);
  assert.deepEqual(definition?.network.clusterSubnet, cidr('10.1.0.0/20'));
});

test('readDefinition() finds everything at once', () => {
  const changes = {
    apiVersion: 'v1',
    [`${MASTER}.count`]: 2,
    [`${POOL}.vmSize`]: 'small',
    'properties.linuxProfile.adminUsername': 'root',
  };
  const codes = readDefinition(edited(changes)).findings.map(({ code }) => code);
  assert.deepEqual(codes, ['api-version', 'master-count', 'vm-size', 'admin-username']);
});

test('a secret is in no finding, also not in the line that is shown with it', () => {
  const secret = 'hush-hush-hush';
  const changes = {
    'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword: secret },
    [`${POOL}.osType`]: 'Windows',
    'properties.servicePrincipalProfile': { clientId: 'x', secret },
  };
  for (const text of [
    JSON.stringify(JSON.parse(edited(changes))),
    edited(changes),
    `${edited(changes).slice(0, -20)}`,
  ]) {
    const { findings } = readDefinition(text);
    assert.ok(findings.length > 1);
    assert.doesNotMatch(JSON.stringify(findings), /hush/);
  }
});
