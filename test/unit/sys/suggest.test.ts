import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { editDistance, nearest } from '../../../src/sys/suggest.ts';

test('editDistance() counts insertions, deletions, replacements and swaps', () => {
  const cases: [string, string, number][] = [
    ['', '', 0],
    ['', 'gc', 2],
    ['status', 'status', 0],
    ['staus', 'status', 1],
    ['statuss', 'status', 1],
    ['ststus', 'status', 1],
    ['satus', 'status', 1],
    ['sttaus', 'status', 1],
    ['birdge', 'bridge', 1],
    ['gc', 'repair', 6],
  ];
  for (const [a, b, distance] of cases) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

test('editDistance() is symmetric, zero only for the same, at most the longer length', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
      assert.ok(distance >= Math.abs(a.length - b.length));
    }),
  );
});

test('nearest() names what was meant, and nothing when nothing is near', () => {
  const commands = ['status', 'doctor', 'repair', 'gc', 'uninstall', 'metrics'];
  const cases: [string, string | undefined][] = [
    ['staus', 'status'],
    ['STATUS', 'status'],
    ['docter', 'doctor'],
    ['metric', 'metrics'],
    ['cg', 'gc'],
    ['uninstal', 'uninstall'],
    ['frobnicate', undefined],
    ['x', undefined],
    ['', undefined],
  ];
  for (const [word, expected] of cases) assert.equal(nearest(word, commands), expected, word);
  assert.equal(nearest('status', []), undefined);
});
