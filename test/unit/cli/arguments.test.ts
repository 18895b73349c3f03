import assert from 'node:assert/strict';
import test from 'node:test';
import { parseArguments } from '../../../src/cli/arguments.ts';
import type { Command } from '../../../src/cli/command.ts';

const command: Command = {
  name: 'gc',
  summary: '',
  flags: [
    {
      name: 'runtime',
      value: 'a|b',
      help: '',
      required: true,
      accepts: { test: (text) => /^[ab]$/.test(text), expected: 'one of a, b' },
    },
    { name: 'network', value: 'NAME', help: '' },
    { name: 'dry-run', help: '' },
  ],
  details: [],
  needsRoot: true,
  changes: true,
  run: () => 0,
};

test('parseArguments() reads switches and values in both spellings and any order', () => {
  for (const words of [
    ['--runtime', 'a', '--dry-run', '--network=x=y'],
    ['--network', 'x=y', '--dry-run', '--runtime=a'],
  ]) {
    const given = parseArguments(command, words);
    assert.ok(given.ok);
    assert.deepEqual([...given.value.switches], ['dry-run']);
    assert.deepEqual(given.value.values.get('runtime'), 'a');
    assert.deepEqual(given.value.values.get('network'), 'x=y');
  }
});

test('parseArguments() takes the word after a flag as its value, whatever it looks like', () => {
  const given = parseArguments(command, ['--runtime', 'a', '--network', '--dry-run']);
  assert.ok(given.ok);
  assert.equal(given.value.values.get('network'), '--dry-run');
  assert.equal(given.value.switches.size, 0);
});

for (const [what, words, expected] of [
  ['a missing flag', [], 'gc needs --runtime a|b'],
  ['a missing value', ['--runtime'], '--runtime needs a value: --runtime a|b'],
  ['a refused value', ['--runtime', 'c'], '--runtime: expected one of a, b, got "c"'],
  ['an empty value', ['--runtime='], '--runtime: expected one of a, b, got ""'],
  ['an unknown flag', ['--runtime', 'a', '--json'], 'gc has no flag --json'],
  ['a mistyped flag', ['--runtme', 'a'], 'gc has no flag --runtme; did you mean --runtime?'],
  ['a value for a switch', ['--dry-run=yes'], '--dry-run takes no value'],
  ['a repeated flag', ['--runtime', 'a', '--runtime', 'b'], '--runtime is given twice'],
  ['a repeated switch', ['--dry-run', '--dry-run'], '--dry-run is given twice'],
  ['a stray word', ['a'], 'gc takes no words, but got "a"'],
  ['the end of flags', ['--'], 'gc takes no words, but got "--"'],
  ['one dash', ['-r', 'a'], 'there is no flag -r; flags begin with two dashes'],
] as const) {
  test(`parseArguments() refuses ${what}`, () => {
    assert.deepEqual(parseArguments(command, words), { ok: false, error: expected });
  });
}
