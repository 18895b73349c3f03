import assert from 'node:assert/strict';
import test from 'node:test';
import { countsOf, renderFindings } from '../../../../src/cli/cluster/render-findings.ts';
import { COLOURED, PLAIN } from '../../../../src/cli/style.ts';
import { readDefinition } from '../../../../src/cluster/read-definition.ts';

/** What is printed of a value of the wrong type. */
function render(text: string, style = PLAIN): string[] {
  const { findings } = readDefinition(text, { file: 'my.json' });
  const wanted = findings.filter(({ code }) => code === 'wrong-type');
  return renderFindings(wanted, style).split('\n');
}

test('renderFindings() puts the pointer under the value, also after tabs and letters of two columns', () => {
  assert.deepEqual(render('{"apiVersion": 12}'), [
    'my.json:1:16: error: apiVersion: expected a text in double quotes, got 12 [wrong-type]',
    '    1 | {"apiVersion": 12}',
    '      |                ^^',
    '',
  ]);
  assert.deepEqual(render('\t{/* 버전 */\t"apiVersion": 12}').slice(1, 3), [
    '    1 | \t{/* 버전 */\t"apiVersion": 12}',
    `      | \t${' '.repeat(11)}\t${' '.repeat(14)}^^`,
  ]);
});

test('renderFindings() shows the part of a long line that the value is in', () => {
  const [, line = '', pointer = ''] = render(`{${' '.repeat(5000)}"apiVersion": 12${' '.repeat(5000)}}`);
  assert.ok(line.length < 200);
  assert.equal(line.slice(pointer.indexOf('^'), pointer.lastIndexOf('^') + 1), '12');
});

test('renderFindings() names the second place with its own line', () => {
  const { findings } = readDefinition('{"apiVersion": "vlabs",\n "APIVersion": "vlabs"}', { file: '-' });
  assert.deepEqual(
    renderFindings(
      findings.filter(({ code }) => code === 'duplicate-key'),
      PLAIN,
    ).split('\n'),
    [
      '<stdin>:2:2: warning: "APIVersion" is here for the second time; this one counts [duplicate-key]',
      '    2 |  "APIVersion": "vlabs"}',
      '      |  ^^^^^^^^^^^^',
      '  <stdin>:1:2: the first one is here',
      '    1 | {"apiVersion": "vlabs",',
      '      |  ^^^^^^^^^^^^',
      '',
    ],
  );
});

test('renderFindings() has colours when the terminal has', () => {
  const text = render('{"apiVersion": 12}', COLOURED).join('\n');
  assert.ok(text.includes('\u001b[31merror:\u001b[0m') && text.includes('\u001b[31m^^\u001b[0m'));
});

test('countsOf() counts by severity', () => {
  const { findings } = readDefinition('{"apiVersion": 12, "plan": {}, "x": 1}');
  assert.equal(countsOf(findings), '3 errors, 1 note');
  assert.equal(countsOf([]), '');
});
