import assert from 'node:assert/strict';
import test from 'node:test';
import { parseArguments } from '../../../src/cli/arguments.ts';
import type { Command } from '../../../src/cli/command.ts';
import { commandHelp } from '../../../src/cli/help.ts';

const command: Command = {
  name: 'snat',
  summary: 'summary',
  actions: ['apply', 'remove'],
  flags: [
    {
      name: 'cidr',
      value: 'RANGE',
      help: 'Help.',
      repeats: true,
      accepts: { test: (text) => text.includes('/'), expected: 'a range' },
    },
    { name: 'dry-run', help: 'Help.' },
  ],
  details: [],
  needsRoot: false,
  changes: false,
  run: () => 0,
};

test('parseArguments() reads an action, and a flag that repeats as one value with commas', () => {
  const given = parseArguments(command, ['apply', '--cidr', 'a/8', '--dry-run', '--cidr=b/8,c/8']);
  assert.ok(given.ok);
  assert.equal(given.value.action, 'apply');
  assert.equal(given.value.values.get('cidr'), 'a/8,b/8,c/8');
  assert.deepEqual([...given.value.switches], ['dry-run']);
});

for (const [what, words, expected] of [
  ['no action', [], 'snat needs apply or remove as its first word'],
  ['a flag instead of an action', ['--cidr', 'a/8'], 'snat needs apply or remove as its first word'],
  [
    'a mistyped action',
    ['aply'],
    'snat needs apply or remove as its first word, but got "aply"; did you mean apply?',
  ],
  [
    'an action that is only begun',
    ['rem'],
    'snat needs apply or remove as its first word, but got "rem"; did you mean remove?',
  ],
  ['a second word', ['apply', 'remove'], 'snat takes no words, but got "remove"'],
  ['each bad value', ['apply', '--cidr', 'a/8', '--cidr', 'b'], '--cidr: expected a range, got "b"'],
  ['a switch twice', ['apply', '--dry-run', '--dry-run'], '--dry-run is given twice'],
] as const) {
  test(`parseArguments() of a command with actions refuses ${what}`, () => {
    const given = parseArguments(command, words);
    assert.equal(given.ok ? 'accepted' : given.error, expected);
  });
}

test('commandHelp() shows actions and repetition', () => {
  assert.match(
    commandHelp(command),
    /^Usage: azure-vnet snat apply\|remove \[--cidr RANGE\] \.\.\. \[--dry-run\]$/m,
  );
});

const runner: Command = {
  ...command,
  name: 'docker',
  actions: ['run', 'list'],
  words: { run: { shown: 'NAME IMAGE', least: 2, most: 2, tail: 'COMMAND ...' } },
  flags: [
    { name: 'publish', short: 'p', value: 'PORT', help: 'Help.', repeats: true, only: ['run'] },
    { name: 'json', help: 'Help.' },
  ],
};

test('parseArguments() reads words among flags, and everything after -- as it is', () => {
  for (const words of [
    ['run', 'web', '-p', '80:80', 'nginx', '--json', '-p81:81', '--', 'sh', '-c', '--'],
    ['run', '--publish=80:80', '--json', '-p=81:81', 'web', 'nginx', '--', 'sh', '-c', '--'],
  ]) {
    const given = parseArguments(runner, words);
    assert.ok(given.ok);
    assert.deepEqual(given.value.words, ['web', 'nginx']);
    assert.deepEqual(given.value.tail, ['sh', '-c', '--']);
    assert.equal(given.value.values.get('publish'), '80:80,81:81');
    assert.ok(given.value.switches.has('json'));
  }
});

for (const [what, words, expected] of [
  ['too few words', ['run', 'web'], 'docker run takes NAME IMAGE, but got 1: web'],
  ['no words', ['run'], 'docker run takes NAME IMAGE, but got no word'],
  ['too many words', ['run', 'a', 'b', 'c'], 'docker run takes NAME IMAGE, but got 3: a b c'],
  ['a word where none is taken', ['list', 'a'], 'docker takes no words, but got "a"'],
  ['a tail where none is taken', ['list', '--'], 'docker takes no words, but got "--"'],
  ['a flag of another action', ['list', '-p', '80'], '--publish goes with run only'],
  ['an unknown letter', ['run', '-x', 'a'], 'there is no flag -x; flags begin with two dashes'],
  ['a letter without a value', ['run', 'a', 'b', '-p'], '--publish needs a value: -p, --publish PORT'],
] as const) {
  test(`parseArguments() refuses ${what}`, () => {
    assert.deepEqual(parseArguments(runner, words), { ok: false, error: expected });
  });
}

test('commandHelp() has a usage for each action that takes words', () => {
  const text = commandHelp(runner);
  assert.match(
    text,
    /^Usage: azure-vnet docker run NAME IMAGE \[-p, --publish PORT\] \.\.\. \[--json\] \[-- COMMAND \.\.\.\]$/m,
  );
  assert.match(text, /^Usage: azure-vnet docker list \[--json\]$/m);
});

test('commandHelp() of one action has its usage and its flags only', () => {
  const help = commandHelp(runner, 'list');
  assert.match(help, /^Usage: azure-vnet docker list \[--json\]$/m);
  assert.doesNotMatch(help, /docker run|publish/);
  assert.match(help, /^azure-vnet docker --help has the usage of all\.$/m);
  assert.match(commandHelp(runner, 'run'), /^ {2}-p, --publish PORT +Help\.$/m);
});

test('parseArguments() lists more than two actions with commas', () => {
  const given = parseArguments({ ...command, actions: ['run', 'del', 'list'] }, []);
  assert.equal(given.ok ? '' : given.error, 'snat needs run, del or list as its first word');
});
