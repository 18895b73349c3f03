/** The judge of the conformance cases must be able to say no. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject, JsonValue } from '../../../src/cni/types.ts';
import type { Expectation } from '../../conformance/case.ts';
import { judge } from '../../conformance/judge.ts';
import { at, mismatch } from '../../conformance/match.ts';

const DOCUMENT = { code: 4, msg: 'no', ips: [{ address: '10.0.0.5/8' }], list: ['a', 'b'] };

const matching: readonly JsonValue[] = [
  {},
  { code: 4 },
  { msg: { $re: '^n' }, code: { $type: 'number' }, other: { $absent: true } },
  { msg: { $includes: 'o' }, list: { $contains: ['b'] }, ips: { $some: { address: '10.0.0.5/8' } } },
  { list: ['a', 'b'] },
];
for (const pattern of matching) {
  test(`mismatch() accepts ${JSON.stringify(pattern)}`, () => {
    assert.equal(mismatch(pattern, DOCUMENT), undefined);
  });
}

const failing: readonly [JsonValue, string][] = [
  [{ code: 5 }, '$.code: 4 is not 5'],
  [{ code: '4' }, '$.code: 4 is not "4"'],
  [{ other: 1 }, '$.other: nothing is not 1'],
  [{ msg: { $re: '^x' } }, '$.msg: "no" does not match ^x'],
  [{ code: { $re: '4' } }, '$.code: 4 does not match 4'],
  [{ msg: { $includes: 'x' } }, '$.msg: "no" does not have "x"'],
  [{ msg: { $type: 'number' } }, '$.msg: "no" is no number'],
  [{ msg: { $absent: true } }, '$.msg: should be absent, is "no"'],
  [{ list: { $contains: ['c'] } }, '$.list: ["a","b"] lacks some of ["c"]'],
  [{ list: ['a'] }, '$.list: ["a","b"] has not 1 elements'],
  [{ list: ['a', 'c'] }, '$.list[1]: "b" is not "c"'],
  [{ ips: { $some: { address: 'x' } } }, '$.ips: nothing matches; $.ips[0].address: "10.0.0.5/8" is not "x"'],
  [{ msg: { deep: 1 } }, '$.msg: "no" is no object'],
];
for (const [pattern, problem] of failing) {
  test(`mismatch() says no to ${JSON.stringify(pattern)}`, () => {
    assert.equal(mismatch(pattern, DOCUMENT), problem);
  });
}

test('at() follows a path, or finds nothing', () => {
  assert.equal(at(DOCUMENT, 'ips.0.address'), '10.0.0.5/8');
  assert.equal(at(DOCUMENT, 'ips.1.address'), undefined);
});

const RESULTS = new Map<string, JsonObject>([['one', { ip: 'a' }]]);
const ran = (status: number, stdout = '', stderr = '') => ({ status, stdout, stderr, durationMs: 5 });
const verdicts: readonly [string, Expectation, ReturnType<typeof ran>, number][] = [
  ['silent success', { status: 0, prints: 'nothing' }, ran(0), 0],
  ['words instead of silence', { status: 0, prints: 'nothing' }, ran(0, '{}'), 1],
  ['a wrong exit status', { status: 0 }, ran(1), 1],
  ['an error document', { status: 1, code: 4, msg: 'no' }, ran(1, '{"code":4,"msg":"no"}'), 0],
  ['an error without a document', { status: 1 }, ran(1), 1],
  ['two documents', { status: 1 }, ran(1, '{"code":4,"msg":"a"}{"code":4,"msg":"a"}'), 1],
  ['an error without a message', { status: 1 }, ran(1, '{"code":4,"msg":""}'), 1],
  ['words missing on stderr', { status: 0, stderrIncludes: 'x' }, ran(0, '', 'y'), 1],
  ['too long', { status: 0, withinMs: 4 }, ran(0), 1],
  ['the same value', { status: 0, equals: ['one', 'ip'] }, ran(0, '{"ip":"a"}'), 0],
  ['another value', { status: 0, equals: ['one', 'ip'] }, ran(0, '{"ip":"b"}'), 1],
  ['no other value', { status: 0, differsFrom: ['one', 'ip'] }, ran(0, '{"ip":"a"}'), 1],
  ['a value of nothing', { status: 0, differsFrom: ['two', 'ip'] }, ran(0, '{"ip":"a"}'), 1],
  [
    'an address on no sandboxed interface',
    { status: 0, addressesAreSandboxed: true },
    ran(0, '{"interfaces":[{"name":"x"}],"ips":[{"interface":0}]}'),
    1,
  ],
];
for (const [what, expect, outcome, problems] of verdicts) {
  test(`judge() finds ${problems} problem(s) in ${what}`, () => {
    assert.equal(judge(expect, outcome, RESULTS).problems.length, problems);
  });
}
