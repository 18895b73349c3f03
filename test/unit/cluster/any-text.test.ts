/** Whatever the text: findings, never an exception. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { type Finding, hasErrors } from '../../../src/cluster/finding.ts';
import { planPicture } from '../../../src/cluster/picture.ts';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { planDocument } from '../../../src/cluster/plan-document.ts';
import { withoutPrinted } from '../../../src/cluster/read/printed.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { edited, example, KUBERNETES, MASTER, POOL } from '../../support/definition.ts';

/** Every field that is read is in it. */
const FULL = edited({
  'properties.orchestratorProfile.orchestratorVersion': '1.12.3',
  [KUBERNETES]: {
    clusterSubnet: '10.1.0.0/20',
    serviceCidr: '10.2.0.0/16',
    dnsServiceIP: '10.2.0.10',
    dockerBridgeSubnet: '172.17.0.1/16',
    networkPlugin: 'azure',
    networkPolicy: 'azure',
    networkMode: 'bridge',
    maxPods: 0,
    useManagedIdentity: false,
    kubeletConfig: { '--max-pods': '30', '--node-status-update-frequency': '10s' },
    loadBalancerSku: 'Standard',
    excludeMasterFromStandardLB: true,
    azureCNIVersion: 'v1.0.15',
  },
  [`${MASTER}.osDiskSizeGB`]: 0,
  [`${MASTER}.ipAddressCount`]: 31,
  [`${MASTER}.availabilityProfile`]: 'AvailabilitySet',
  [`${MASTER}.availabilityZones`]: [],
  [`${MASTER}.agentVnetSubnetID`]: '',
  [`${MASTER}.storageProfile`]: 'ManagedDisks',
  [`${MASTER}.kubernetesConfig`]: { kubeletConfig: {} },
  [`${POOL}.osType`]: 'Linux',
  [`${POOL}.diskSizesGB`]: [1],
  [`${POOL}.dnsPrefix`]: '',
  [`${POOL}.ports`]: [],
  [`${POOL}.availabilityZones`]: [],
  [`${POOL}.kubernetesConfig`]: { kubeletConfig: { '--max-pods': '30' } },
  'properties.windowsProfile': { adminUsername: 'azureuser', adminPassword: 'correct-Horse-7' },
  'properties.servicePrincipalProfile.keyvaultSecretRef': null,
});

/** Reads and, when it can be, plans: what a user runs. */
function read(text: string): readonly Finding[] {
  const { findings, definition, layout } = readDefinition(text);
  assert.equal(definition === undefined, hasErrors(findings));
  assert.ok(definition === undefined || layout !== undefined);
  for (const { place, message, other } of findings) {
    const lines = text.split('\n');
    for (const { line, column, sourceLine, pointerStart } of [
      place,
      ...(other === undefined ? [] : [other.place]),
    ]) {
      assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
      assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `column ${column}`);
      assert.ok([...sourceLine].length <= 160 && pointerStart <= 160);
      assert.doesNotMatch(sourceLine, /(?!\t)\p{Cc}/u);
    }
    assert.doesNotMatch(message, /\p{Cc}|undefined/u);
  }
  if (layout !== undefined) {
    const plan = planAddresses(layout);
    planDocument(plan);
    assert.match(planPicture(plan), /<\/svg>\n$/);
  }
  return findings;
}

test('readDefinition() answers any text with findings', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      assert.ok(read(text).length > 0);
    }),
  );
});

test('readDefinition() answers any JSON with findings', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.ok(read(text).length > 0);
    }),
  );
});

test('the definition that is changed below has no errors', () => {
  assert.deepEqual(read(FULL), []);
});

test('readDefinition() answers a definition with any value in any place', () => {
  const paths: string[][] = [];
  const walk = (value: unknown, path: string[]): void => {
    if (path.length > 0) paths.push(path);
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
  };
  walk(JSON.parse(FULL), []);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      'VMSS',
      'Windows',
      '1',
      ['1'],
      '250',
      null,
      '',
      'x',
      -1,
      0,
      1.5,
      1e308,
      [],
      {},
      [[]],
      [null],
      { count: 1 },
      '0.0.0.0/0',
      '255.255.255.255/32',
      '255.255.255.0',
      '10.1.255.255',
      '255.255.254.0/23',
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...paths), odd), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const root = JSON.parse(FULL);
        for (const [path, value] of changes) {
          let at = root;
          for (const name of path.slice(0, -1))
            at = typeof at?.[name] === 'object' && at[name] !== null ? at[name] : {};
          const last = path.at(-1);
          if (last !== undefined && !Array.isArray(at)) at[last] = structuredClone(value);
        }
        read(JSON.stringify(root, null, 1));
      },
    ),
    { numRuns: 1000 },
  );
});

test('readDefinition() answers a definition that is cut off, at every place', () => {
  const text = example('page-as-printed.json');
  for (let length = 0; length < text.length; length++) {
    const findings = read(text.slice(0, length));
    assert.ok(length >= text.trimEnd().length || findings.some(({ code }) => code === 'syntax'), `${length}`);
  }
});

test('readDefinition() answers a definition with pieces taken out, doubled or replaced', () => {
  const text = example('page-as-printed.json');
  const edits = fc.array(
    fc.tuple(
      fc.nat(text.length),
      fc.nat(12),
      fc.constantFrom(
        '',
        '{',
        '}',
        '[',
        ']',
        '"',
        ',',
        ':',
        '<',
        '>',
        '…',
        '-->',
        '/*',
        '//',
        '\\',
        '\\b',
        '\u0000',
        '\ud800',
        '1e999',
        'null',
        '\t',
      ),
    ),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(edits, (list) => {
      let changed = text;
      for (const [at, count, by] of list) changed = changed.slice(0, at) + by + changed.slice(at + count);
      read(changed);
    }),
    { numRuns: 1000 },
  );
});

test('readDefinition() takes no control character of an id into its messages', () => {
  for (const letter of ['\\b', '\\n', '\\u0000', '\\u2028', '\\ud800']) {
    const changed = FULL.replaceAll('/subnets/', `/subnets/${letter}`);
    assert.notEqual(changed, FULL);
    assert.ok(read(changed).some(({ code }) => code === 'bad-subnet-id'));
  }
});

test('readDefinition() answers large, deep and repetitive texts within seconds', () => {
  const most = 256 * 1024;
  const fill = (piece: string) => piece.repeat(Math.floor(most / piece.length));
  // Time of this process: others may have the processor meanwhile.
  const before = process.cpuUsage();
  for (const text of [
    fill('['),
    fill('{"a":'),
    fill('"a",'),
    fill('<'),
    fill('<a>'),
    fill('--> '),
    fill('{…},'),
    fill('/*'),
    fill('\\"'),
    `"${fill('\\\\').slice(0, -2)}"`,
    `{"secret":"${fill('a').slice(0, -20)}`,
    fill('\n'),
    fill('{"apiVersion":1},'),
    `[${fill('{},').slice(0, -5)}0]`,
    fill('1'),
    fill('x '),
  ]) {
    assert.ok(read(text).length > 0);
  }
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 60e6, `${user + system} µs`);
});

test('withoutPrinted() keeps every offset, and takes nothing of what is in quotes or comments', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '{',
          '}',
          '"',
          '-->',
          '<a b>',
          '…',
          '{…}',
          '...',
          '//',
          '/*',
          '*/',
          '\n',
          ' x ',
          '\\',
          '\u00a0',
          '[...]',
          '– >',
          '–>',
        ),
      ),
      (pieces) => {
        const text = pieces.join('');
        const { text: plain, printed, tooDeep } = withoutPrinted(text, 64);
        assert.equal(tooDeep, undefined);
        assert.equal(plain.length, text.length);
        assert.deepEqual(
          [...plain].map((one) => one === '\n'),
          [...text].map((one) => one === '\n'),
        );
        for (const { offset, length } of printed)
          assert.ok(offset >= 0 && length > 0 && offset + length <= text.length);
      },
    ),
  );
  const same = '{"a": "--> <b> {…}", /* --> … */ "b": 1 // --> <x>\n}';
  assert.deepEqual(withoutPrinted(same, 64), { text: same, printed: [] });
});
