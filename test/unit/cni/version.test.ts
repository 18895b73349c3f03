import assert from 'node:assert/strict';
import test from 'node:test';
import { CNI_VERSIONS, type CniCommand } from '../../../src/cni/types.ts';
import { atLeast, checkVersion } from '../../../src/cni/version.ts';

const NOT_ALLOWED = (command: string) => `config version does not allow ${command}`;
const PLUGIN_TOO_OLD = (command: string) => `plugin version does not allow ${command}`;
const INCOMPATIBLE = 'incompatible CNI versions';
const UNPARSABLE = (text: string) => `cniVersion: expected up to three numbers, got "${text}"`;

const refused: readonly [CniCommand, string, string][] = [
  ...['0.3', '0.3.2', ' 0.3.1', 'v0.3.1', '0.3.1.0', '1.0', '99.0.0', 'banana', '0.3.1\n'].flatMap(
    (text): [CniCommand, string, string][] => [
      ['ADD', text, INCOMPATIBLE],
      ['DEL', text, INCOMPATIBLE],
    ],
  ),
  ...['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.3', '0'].map((text): [CniCommand, string, string] => [
    'CHECK',
    text,
    NOT_ALLOWED('CHECK'),
  ]),
  ['CHECK', '0.4', INCOMPATIBLE],
  ['CHECK', '0.5.0', INCOMPATIBLE],
  ['CHECK', '1.1.1', PLUGIN_TOO_OLD('CHECK')],
  ['CHECK', '99.0.0', PLUGIN_TOO_OLD('CHECK')],
  ['CHECK', 'banana', UNPARSABLE('banana')],
  ['CHECK', '0.4.0.0', UNPARSABLE('0.4.0.0')],
  ['CHECK', '-1', UNPARSABLE('-1')],
  ['GC', '1.0.0', NOT_ALLOWED('GC')],
  ['GC', '1.1', INCOMPATIBLE],
  ['GC', '2', PLUGIN_TOO_OLD('GC')],
  ['GC', 'x', UNPARSABLE('x')],
  ['STATUS', '0.4.0', NOT_ALLOWED('STATUS')],
  ['STATUS', '1.2.0', PLUGIN_TOO_OLD('STATUS')],
  ['STATUS', '1..0', UNPARSABLE('1..0')],
];

for (const [command, text, message] of refused) {
  test(`checkVersion() refuses ${JSON.stringify(text)} for ${command}`, () => {
    const result = checkVersion(command, text);
    assert.equal(!result.ok && result.error.message, message);
    const expected = message === UNPARSABLE(text) ? 'UNDECODABLE' : 'INCOMPATIBLE_VERSION';
    assert.equal(!result.ok && result.error.code, expected);
  });
}

test('checkVersion() shows both sides of a mismatch', () => {
  const result = checkVersion('ADD', '9.9.9');
  const supported = '"0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"';
  assert.equal(!result.ok && result.error.details, `config is "9.9.9", plugin supports [${supported}]`);
});

test('checkVersion() accepts every version for ADD and DEL, the newer ones for the rest', () => {
  for (const version of CNI_VERSIONS) {
    assert.ok(checkVersion('ADD', version).ok, version);
    assert.ok(checkVersion('DEL', version).ok, version);
    assert.equal(checkVersion('CHECK', version).ok, atLeast(version, '0.4.0'), version);
    assert.equal(checkVersion('GC', version).ok, version === '1.1.0', version);
    assert.equal(checkVersion('STATUS', version).ok, version === '1.1.0', version);
  }
});
