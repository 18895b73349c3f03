/** docs/commands.md against the code: what it lists is all there is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { overallHelp } from '../../../src/cli/help.ts';
import { exposition } from '../../../src/cli/metrics/exposition.ts';
import { nodeFamilies, operationFamilies } from '../../../src/cli/metrics/families.ts';
import { OperationTotals } from '../../../src/cli/metrics/operations.ts';
import { node } from './node/facts.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/commands.md'), 'utf8');

/** Codes of problems as the sources spell them. */
function codesInSources(): string[] {
  const directories = ['src/cli/node', 'src/cli/doctor'];
  const sources = directories.flatMap((directory) =>
    readdirSync(join(ROOT, directory)).map((name) => readFileSync(join(ROOT, directory, name), 'utf8')),
  );
  const found = sources
    .join('\n')
    .matchAll(/(?:broken|error|warning|finding)\(\s*(?:[^()]*?,\s*)??'([A-Z][A-Z_]+)'|code: '([A-Z_]+)'/g);
  return [...new Set([...found].map(([, called, named]) => called ?? named ?? ''))].sort();
}

test('docs/commands.md lists every code of a problem, and no other', () => {
  const codes = codesInSources().filter((code) => !['NOT_ROOT', 'NOT_CHECKED'].includes(code));
  assert.ok(codes.length > 40, String(codes.length));
  const table = PAGE.slice(PAGE.indexOf('| Check | looks at'), PAGE.indexOf('The doctor changes nothing.'));
  const listed = [...table.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, code]) => code ?? '');
  assert.deepEqual(listed.filter((code) => code !== 'CNI_PATH').sort(), codes);
});

test('docs/commands.md lists every metric, and no other', () => {
  const totals = new OperationTotals();
  totals.add('{"command":"ADD","result":"error","code":"11","us":1}');
  const text = exposition([...nodeFamilies('v1', node(), []), ...operationFamilies(totals)]);
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
  const table = PAGE.slice(PAGE.indexOf('| Metric | Type'), PAGE.indexOf('There is no daemon'));
  assert.deepEqual([...table.matchAll(/`(azure_vnet_\w+)`/g)].map(([, name]) => name).sort(), names.sort());
});

test('docs/commands.md has a section for every command, and the list of the help', () => {
  for (const { name } of COMMANDS) assert.match(PAGE, new RegExp(`^## ${name}$`, 'm'));
  const help = overallHelp(COMMANDS);
  const list = help.slice(help.indexOf('Commands\n'), help.indexOf('\n\nazure-vnet COMMAND'));
  assert.ok(PAGE.includes(list), list);
});
