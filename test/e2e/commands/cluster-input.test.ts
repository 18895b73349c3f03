/** azure-vnet cluster, the executable itself: whatever it is given, it says what is wrong and ends with 2. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { findingDocument } from '../../../src/cli/cluster/render-findings.ts';
import { planAddresses } from '../../../src/cluster/plan-addresses.ts';
import { planDocument } from '../../../src/cluster/plan-document.ts';
import { readDefinition } from '../../../src/cluster/read-definition.ts';
import { EXAMPLES, edited, example } from '../../support/definition.ts';
import { BIN } from '../support/tool.ts';

const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-cluster-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const PROGRAM = join(BIN, 'azure-vnet');
const TIMEOUT_MS = 300_000;

/** Without root, where that is possible: the command needs none. */
function run(words: readonly string[], input: string | Buffer = '', cwd = directory) {
  const { status, signal, stdout, stderr } = spawnSync(PROGRAM, ['cluster', ...words], {
    cwd,
    input,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: '/usr/bin:/bin' },
  });
  assert.equal(signal, null);
  assert.doesNotMatch(`${stdout}${stderr}`, /Internal error|^\s+at |[^\P{Cc}\n\t]|undefined/mu);
  return { status, stdout, stderr };
}

const BAD: readonly (readonly [what: string, input: string | Buffer, said: RegExp])[] = [
  ['nothing', '', /nothing in it/],
  ['white space', ' \n\t\n', /nothing in it/],
  ['no JSON', 'apiVersion: vlabs\n', /no JSON value/],
  ['bytes', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 167) % 256)), /error/],
  ['10 MB of a text', `"${'x'.repeat(10_000_000)}"`, /\[too-large\]/],
  ['10 MB of brackets', '['.repeat(10_000_000), /\[too-large\]/],
  ['many levels', '['.repeat(200_000), /\[too-deep\]/],
  ['many levels of objects', '{"properties":'.repeat(18_000), /\[too-deep\]/],
  ['many placeholders', '<a>,'.repeat(60_000), /\[too-many-findings\]/],
  ['many strings', `[${'"a",'.repeat(60_000)}]`, /expected a cluster definition/],
  ['a long line', `{"secret": "${'\\\\'.repeat(120_000)}"}`, /\[unknown-key\]/],
  ['null', 'null', /got null/],
  ['a number', '1e999', /expected a cluster definition/],
  ['an empty object', '{}', /apiVersion is missing/],
  [
    'wrong types',
    JSON.stringify({ apiVersion: 1, properties: [] }),
    /expected a text in double quotes, got 1/,
  ],
  [
    'a definition with everything wrong',
    edited({ apiVersion: 'x', properties: { masterProfile: 1, agentPoolProfiles: {}, linuxProfile: [] } }),
    /agentPoolProfiles: expected a list/,
  ],
];

for (const [what, input, said] of BAD) {
  test(`azure-vnet cluster answers ${what} with findings and status 2`, () => {
    const validated = run(['validate', '-'], input);
    assert.equal(validated.status, 2, validated.stderr);
    assert.match(validated.stdout, said);
    assert.match(validated.stdout, /<stdin>:.*it cannot be deployed\n$/);
    const planned = run(['plan', '-', '--json'], input);
    assert.deepEqual([planned.status, planned.stdout], [2, '']);
    assert.match(planned.stderr, said);
  });
}

test('azure-vnet cluster answers a definition that is cut off, at any place', () => {
  const text = example('page-as-printed.json');
  for (let length = 0; length < text.trimEnd().length; length += 37) {
    const { status, stdout } = run(['validate', '-', '--json'], text.slice(0, length));
    assert.equal(status, 2);
    const { findings } = JSON.parse(stdout);
    assert.ok(findings.some((one: { code: string }) => one.code === 'syntax'));
  }
});

test('azure-vnet cluster finds in damaged definitions what the library finds under Node', () => {
  const text = example('page-as-printed.json');
  const pieces = fc.constantFrom(
    '',
    '{',
    '}',
    ']',
    '"',
    ',',
    ':',
    '<',
    '…',
    '-->',
    '/*',
    '\\',
    '\u0000',
    '1e999',
    'null',
    '한글',
    '😀',
  );
  const edits = fc.array(fc.tuple(fc.nat(text.length), fc.nat(9), pieces), { minLength: 1, maxLength: 3 });
  for (const list of fc.sample(edits, 50)) {
    let damaged = text;
    for (const [at, count, by] of list) damaged = damaged.slice(0, at) + by + damaged.slice(at + count);
    const { stdout } = run(['validate', '-', '--json'], damaged);
    const expected = readDefinition(damaged).findings.map(findingDocument);
    assert.deepEqual(JSON.parse(stdout).findings, expected, damaged);
  }
});

test('azure-vnet cluster reads no more than it has to, and says which file it could not read', () => {
  assert.match(run(['validate', '/dev/zero']).stdout, /\[too-large\]/);
  for (const [file, said] of [
    ['missing.json', /missing\.json cannot be read: there is no such file/],
    [directory, /cannot be read: it is a directory/],
    [join(directory, 'a'.repeat(300)), /the name is too long/],
  ] as const) {
    const { status, stdout, stderr } = run(['validate', file]);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, said);
  }
});

test('azure-vnet cluster finds FILE from the directory that it is called in', () => {
  mkdirSync(join(directory, 'sub'), { recursive: true });
  writeFileSync(join(directory, 'sub/my.json'), example('two-pools.json'));
  assert.deepEqual(run(['validate', 'sub/my.json']), {
    status: 0,
    stdout: 'sub/my.json: no findings; it can be deployed\n',
    stderr: '',
  });
  assert.equal(run(['validate', './my.json'], '', join(directory, 'sub')).status, 0);
});

test('azure-vnet cluster plan prints what the library plans', () => {
  const file = join(EXAMPLES, 'page.json');
  const { definition } = readDefinition(example('page.json'));
  assert.ok(definition);
  const { status, stdout, stderr } = run(['plan', file, '--json']);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), planDocument(planAddresses(definition)));
  const [ranges, size, ...more] = stderr.split('\n\n');
  assert.match(
    ranges ?? '',
    /^.+page\.json:8:26: warning: .*\[service-range-overlap\]\n +8 \| .*\n +\| +\^{13}$/,
  );
  assert.match(size ?? '', /^.+page\.json:14:17: warning: .*\[vm-size\]\n +14 \| .*\n +\| +\^{13}\n$/);
  assert.deepEqual(more, []);
  assert.match(
    run(['plan', file]).stdout,
    /^k8s-master-27604533-0 +k8s-master-27604533-nic-0 +KubeClusterSubnet +10\.0\.1\.50 +10\.0\.0\.4-10\.0\.0\.33 +30 +this plan$/m,
  );
  const lines = run(['plan', file, '--addresses']).stdout.trimEnd().split('\n');
  assert.equal(lines.length, 1 + 3 * 31);
  assert.equal(new Set(lines.map((line) => line.split(' ')[0])).size, lines.length);
  assert.match(run(['plan', file, '--svg']).stdout, /^<svg [\s\S]*<\/svg>\n$/);
});

test('azure-vnet cluster --strict and --subnet do what the help says', () => {
  const page = join(EXAMPLES, 'page.json');
  assert.deepEqual([run(['validate', page]).status, run(['validate', page, '--strict']).status], [0, 1]);
  const custom = join(EXAMPLES, 'custom-vnet.json');
  assert.match(
    run(['validate', custom]).stdout,
    /give it with --subnet agents=RANGE \[subnet-range-missing\]/,
  );
  assert.equal(run(['plan', custom, '--subnet', 'agents=10.10.16.0/20']).status, 0);
  for (const words of [
    ['validate'],
    ['validate', 'a', 'b'],
    ['plan', page, '--strict'],
    ['validate', page, '--svg'],
    ['plan', page, '--json', '--svg'],
    ['plan', page, '--subnet', 'x=10.0.0.1/8'],
    ['plan', page, '--subnet', 'x=10.0.0.0/8'],
  ]) {
    assert.equal(run(words).status, 2, words.join(' '));
  }
});
