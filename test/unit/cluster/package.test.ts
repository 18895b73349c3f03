/** The npm package as its users have it: installed beside their code, type-checked, run. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXAMPLES } from '../../support/definition.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/.bin/tsc');
const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-package-'));
const TIMEOUT_MS = 120_000;

const CONSUMER = `
import { type AddressPlan, type ClusterDefinition, formatIpv4, planAddresses, planDocument, planPicture, readDefinition } from 'azure-vnet';

declare const process: { argv: string[]; getBuiltinModule(name: 'node:fs'): { readFileSync(path: string, encoding: 'utf8'): string } };
const file: string = process.argv[2] ?? '';
const text = process.getBuiltinModule('node:fs').readFileSync(file, 'utf8');
const { findings, definition } = readDefinition(text, { file });
for (const { severity, code, place } of findings) console.log(severity, code, place.line, place.column);
if (definition !== undefined) {
  const known: ClusterDefinition = definition;
  const plan: AddressPlan = planAddresses(known);
  const first: string = formatIpv4(plan.apiServer);
  console.log(first, planDocument(plan).nodes.length, planPicture(plan).length > 1000);
}
`;

before(() => {
  const place = join(directory, 'node_modules/azure-vnet');
  mkdirSync(join(directory, 'node_modules'));
  execFileSync(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts/npm/main.ts'), place], {
    cwd: ROOT,
    timeout: TIMEOUT_MS,
  });
  cpSync(join(EXAMPLES, 'page.json'), join(directory, 'page.json'));
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
});

after(() => rmSync(directory, { recursive: true, force: true }));

/** As strict as a user may be: declarations of the package are checked as well. */
function check(name: string, source: string) {
  writeFileSync(join(directory, name), source);
  const options = [
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    '',
    '--skipLibCheck',
    'false',
    '--exactOptionalPropertyTypes',
  ];
  // The library of TypeScript has no console without the DOM or Node.
  return spawnSync(TSC, [...options, '--lib', 'es2022,dom', name], {
    cwd: directory,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
}

test('the package type-checks in strict code and runs under Node', () => {
  const checked = check('consumer.ts', CONSUMER);
  assert.equal(checked.status, 0, checked.stdout);
  const text = execFileSync(process.execPath, ['consumer.js', 'page.json'], {
    cwd: directory,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  assert.equal(text, 'warning service-range-overlap 8 26\nwarning vm-size 14 17\n10.0.1.50 3 true\n');
});

test('the package has types: wrong use is refused', () => {
  const wrong =
    "import { planAddresses, readDefinition } from 'azure-vnet';\nplanAddresses(readDefinition('').definition);\nreadDefinition(1);\n";
  const { status, stdout } = check('wrong.ts', wrong);
  assert.notEqual(status, 0);
  assert.match(stdout, /wrong\.ts\(2,15\): error TS2345/);
  assert.match(stdout, /wrong\.ts\(3,16\): error TS2345/);
});
