import assert from 'node:assert/strict';
import test from 'node:test';
import { describePresent, planApply, planRemove } from '../../../../src/cli/snat/plan.ts';
import { parseRanges } from '../../../../src/cli/snat/ranges.ts';
import { readPresent } from '../../../../src/cli/snat/rules.ts';
import type { Cidr } from '../../../../src/net/cidr.ts';

const POLICIES = '-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n';
const TEN =
  'POSTROUTING ! -d 10.0.0.0/8 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 ' +
  '-m addrtype ! --dst-type LOCAL -j MASQUERADE';
const OTHER = TEN.replace('10.0.0.0/8', '172.16.0.0/12');
/** The matches in another order, as another release prints them. */
const TURNED =
  'POSTROUTING -m addrtype ! --dst-type LOCAL -m iprange ! --dst-range 168.63.129.16-168.63.129.16 ' +
  '! -d 10.0.0.0/8 -j MASQUERADE';
const CHAIN = `-A AZURE-VNET-SNAT -d 168.63.129.16/32 -j RETURN
-A AZURE-VNET-SNAT -m addrtype --dst-type LOCAL -j RETURN
-A AZURE-VNET-SNAT -d 10.0.0.0/8 -j RETURN
-A AZURE-VNET-SNAT -d 172.16.0.0/12 -j RETURN
-A AZURE-VNET-SNAT -j MASQUERADE
`;
const NEW = '-N AZURE-VNET-SNAT\n';
const JUMP = '-A POSTROUTING -j AZURE-VNET-SNAT\n';
const FOREIGN = `-N DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING ! -d 10.0.0.0/8 -j MASQUERADE
-A POSTROUTING ! -d 10.0.0.0/8 -m comment --comment "a b" -m iprange ! --dst-range 168.63.129.16-168.63.129.16 -m addrtype ! --dst-type LOCAL -j MASQUERADE
-A POSTROUTING ! -d 10.0.0.0/8 -o eth0 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 -m addrtype ! --dst-type LOCAL -j MASQUERADE
-A POSTROUTING -d 10.0.0.0/8 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 -m addrtype ! --dst-type LOCAL -j MASQUERADE
-A OUTPUT ! -d 10.0.0.0/8 -m iprange ! --dst-range 168.63.129.16-168.63.129.16 -m addrtype ! --dst-type LOCAL -j MASQUERADE
`;
const ADD_TEN =
  '-A POSTROUTING -m iprange ! --dst-range 168.63.129.16 -m addrtype ! --dst-type local ! -d 10.0.0.0/8 -j MASQUERADE';
const ADD_CHAIN = [':AZURE-VNET-SNAT - [0:0]', ...CHAIN.trim().split('\n')];

const ONE = ranges('10.0.0.0/8');
const TWO = ranges('10.0.0.0/8,172.16.0.0/12');

test('planApply() for one range adds exactly the rule of the deployment page', () => {
  assert.deepEqual(planApply(readPresent(POLICIES), ONE), [ADD_TEN]);
});

const applied: readonly (readonly [string, string, readonly Cidr[], readonly string[]])[] = [
  ['one range, beside rules of others', FOREIGN, ONE, [ADD_TEN]],
  ['one range that is there', `-A ${TEN}\n`, ONE, []],
  ['one range that is there, printed in another order', `-A ${TURNED}\n`, ONE, []],
  [
    'one range that is there three times',
    `-A ${TEN}\n-A ${TEN}\n-A ${TEN}\n`,
    ONE,
    [`-D ${TEN}`, `-D ${TEN}`],
  ],
  ['one range in place of another one', `-A ${OTHER}\n`, ONE, [ADD_TEN, `-D ${OTHER}`]],
  [
    'one range in place of several',
    NEW + JUMP + JUMP + CHAIN,
    ONE,
    [
      ADD_TEN,
      '-D POSTROUTING -j AZURE-VNET-SNAT',
      '-D POSTROUTING -j AZURE-VNET-SNAT',
      '-F AZURE-VNET-SNAT',
      '-X AZURE-VNET-SNAT',
    ],
  ],
  ['several ranges', FOREIGN, TWO, [...ADD_CHAIN, '-A POSTROUTING -j AZURE-VNET-SNAT']],
  ['several ranges that are there', NEW + JUMP + CHAIN, TWO, []],
  ['several ranges whose jump is lost', NEW + CHAIN, TWO, ['-A POSTROUTING -j AZURE-VNET-SNAT']],
  ['several ranges reached twice', NEW + JUMP + JUMP + CHAIN, TWO, ['-D POSTROUTING -j AZURE-VNET-SNAT']],
  ['several ranges in a chain without rules', NEW + JUMP, TWO, ADD_CHAIN],
  [
    'several ranges in a chain that somebody added to',
    `${NEW}${JUMP}${CHAIN.replace('-j MASQUERADE', '-o eth0 -j MASQUERADE')}`,
    TWO,
    ADD_CHAIN,
  ],
  [
    'several ranges in place of one',
    `-A ${TEN}\n`,
    TWO,
    [...ADD_CHAIN, '-A POSTROUTING -j AZURE-VNET-SNAT', `-D ${TEN}`],
  ],
];
for (const [what, listed, wanted, expected] of applied) {
  test(`planApply() for ${what}`, () => {
    assert.deepEqual(planApply(readPresent(POLICIES + listed), wanted), expected);
  });
}

const DELETE_CHAIN = ['-D POSTROUTING -j AZURE-VNET-SNAT', '-F AZURE-VNET-SNAT', '-X AZURE-VNET-SNAT'];
const removed: readonly (readonly [string, string, readonly Cidr[] | undefined, readonly string[]])[] = [
  ['nothing where only others have rules', FOREIGN, undefined, []],
  ['every copy of the rule', `-A ${TEN}\n-A ${TURNED}\n`, ONE, [`-D ${TEN}`, `-D ${TURNED}`]],
  ['no rule for another range', `-A ${OTHER}\n`, ONE, []],
  ['the chain', NEW + JUMP + CHAIN, TWO, DELETE_CHAIN],
  ['no chain for other ranges', NEW + JUMP + CHAIN, ranges('10.0.0.0/8,192.168.0.0/16'), []],
  ['all that is ours', `-A ${OTHER}\n${NEW}${JUMP}${CHAIN}`, undefined, [`-D ${OTHER}`, ...DELETE_CHAIN]],
  ['a chain that nobody reaches', NEW, undefined, DELETE_CHAIN.slice(1)],
];
for (const [what, listed, wanted, expected] of removed) {
  test(`planRemove() removes ${what}`, () => {
    assert.deepEqual(planRemove(readPresent(POLICIES + listed), wanted), expected);
  });
}

test('describePresent() tells what is ours', () => {
  for (const [listed, expected] of [
    [FOREIGN, undefined],
    [`-A ${TEN}\n`, 'a rule for everything but 10.0.0.0/8'],
    [NEW + JUMP + CHAIN, 'chain AZURE-VNET-SNAT with returns for 10.0.0.0/8, 172.16.0.0/12'],
    [NEW + CHAIN, 'chain AZURE-VNET-SNAT with returns for 10.0.0.0/8, 172.16.0.0/12, but nothing goes there'],
    [NEW + JUMP, 'chain AZURE-VNET-SNAT with other rules than ours'],
  ] as const) {
    assert.equal(describePresent(readPresent(POLICIES + listed)), expected);
  }
});

function ranges(text: string): readonly Cidr[] {
  const parsed = parseRanges(text);
  assert.ok(parsed.ok);
  return parsed.value;
}
