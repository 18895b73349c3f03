import assert from 'node:assert/strict';
import test from 'node:test';
import { Fields, joinProblems, optional } from '../../../src/cni/fields.ts';
import { lookup, oneLine, parseJson, show } from '../../../src/cni/json.ts';
import type { JsonObject } from '../../../src/cni/types.ts';

test('lookup() matches in any case, and the last spelling wins', () => {
  assert.equal(lookup({ Name: 'a' }, 'name'), 'a');
  assert.equal(lookup({ name: 'a', NAME: 'b' }, 'name'), 'b');
  assert.equal(lookup({ NAME: 'b', name: 'a' }, 'name'), 'a');
});

test('lookup() lets null leave what was there', () => {
  assert.equal(lookup({ name: 'a', NAME: null }, 'name'), 'a');
  assert.equal(lookup({ name: null }, 'name'), undefined);
});

test('lookup() sees own keys only', () => {
  assert.equal(lookup({}, 'constructor'), undefined);
  assert.equal(lookup(JSON.parse('{"__proto__":{"x":1}}') as JsonObject, 'x'), undefined);
});

for (const text of ['', ' \n', 'hello', "{'a':1}", '{}{}', '\ufeff{}', '{"a":1,}', '{"a":1}x', '01']) {
  test(`parseJson() refuses ${JSON.stringify(text)}`, () => {
    const result = parseJson(text);
    assert.ok(!result.ok && result.error !== '' && !result.error.includes('\n'));
  });
}

test('show() shortens long values', () => {
  assert.equal(show('abc'), '"abc"');
  assert.equal(show('x'.repeat(500)).length, 121);
});

test('oneLine() joins lines and leaves a single one alone', () => {
  assert.equal(oneLine('a \n\n  b\r\nc'), 'a b c');
  assert.equal(oneLine(' a  b '), ' a  b ');
});

test('Fields reads values of the right type', () => {
  const fields = new Fields({ s: 'x', b: false, n: 0, l: ['a'], o: { k: 'v' }, c: [{ k: 'w' }] });
  assert.deepEqual(
    [
      fields.string('S'),
      fields.boolean('B'),
      fields.count('n'),
      fields.strings('l'),
      fields.child('o').string('k'),
      fields.children('c').map((child) => child.string('k')),
      fields.parsed('s', (text) => text.length, 'a text'),
    ],
    ['x', false, 0, ['a'], 'v', ['w'], 1],
  );
  assert.deepEqual(fields.problems, []);
});

test('Fields reads absent keys as empty', () => {
  const fields = new Fields({ s: null });
  assert.deepEqual(
    [
      fields.string('s'),
      fields.boolean('b'),
      fields.count('n'),
      fields.strings('l'),
      fields.child('o').child('p').string('k'),
      fields.parsed('s', () => undefined, 'x'),
    ],
    ['', undefined, undefined, [], '', undefined],
  );
  assert.deepEqual(fields.problems, []);
});

test('Fields names the path of everything that does not fit, and reads it as absent', () => {
  const fields = new Fields({ s: 1, b: 'x', n: 1.5, l: {}, o: { p: [1, 'a'] }, c: [{}, 5] });
  fields.string('s');
  fields.boolean('b');
  fields.count('n');
  fields.list('l');
  assert.deepEqual(fields.child('o').strings('p'), ['a']);
  fields.children('c');
  assert.deepEqual(
    fields.problems.map((problem) => problem.message),
    [
      's: expected a string, got 1',
      'b: expected true or false, got "x"',
      'n: expected a whole number, got 1.5',
      'l: expected a list, got {}',
      'o.p[0]: expected a string, got 1',
      'c[1]: expected an object, got 5',
    ],
  );
});

test('joinProblems() takes the first code and all messages', () => {
  const fields = new Fields({ mode: 'x' });
  assert.equal(joinProblems(fields.problems), undefined);
  fields.unsupported('mode', 'x', 'use "bridge"');
  fields.invalid('a', 'b', null);
  assert.deepEqual(joinProblems(fields.problems), {
    code: 'UNSUPPORTED_FIELD',
    message: 'Unsupported field mode: "x"; use "bridge"; a: expected b, got null',
  });
});

test('optional() leaves out undefined and empty texts only', () => {
  assert.deepEqual({ ...optional('a', undefined), ...optional('b', '') }, {});
  assert.deepEqual({ ...optional('a', 0), ...optional('b', false) }, { a: 0, b: false });
});
