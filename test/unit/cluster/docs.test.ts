/** docs/cluster.md against the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { clusterPlanPicture, PICTURE } from '../../../scripts/docs/cluster-plan.ts';
import { FINDING_CODES } from '../../../src/cluster/finding.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/cluster.md', import.meta.url)), 'utf8');

test('docs/cluster.md lists every code of a finding once, and no other', () => {
  const rows = PAGE.slice(PAGE.indexOf('| Code |'))
    .split('\n')
    .map((row) => row.split('|')[1] ?? '');
  const listed = rows.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code ?? ''));
  assert.deepEqual(listed.sort(), [...FINDING_CODES].sort());
});

test('docs/cluster-plan.svg is the picture of today: make docs draws it again', () => {
  assert.equal(readFileSync(PICTURE, 'utf8'), clusterPlanPicture());
});
