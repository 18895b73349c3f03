import assert from 'node:assert/strict';
import test from 'node:test';
import { capturedRequest } from '../../../fixtures/netlink/load.ts';
import { assertSame, differences, takeApart } from './tree.ts';

test('takeApart() names header fields, flags and attributes inside each other', () => {
  const [veth] = takeApart(...capturedRequest('link-add-veth'));
  assert.equal(veth?.get('type'), '16');
  assert.equal(veth?.get('flag 0x400'), 'on');
  assert.equal(veth?.get('index'), '4');
  assert.equal(veth?.get('18/1'), '76657468');
  assert.equal(veth?.get('18/2/1/3'), '6574683000');
  const nft = takeApart(...capturedRequest('nft-ruleset'));
  assert.equal(nft.length, 12);
  assert.equal(nft[0]?.get('resource'), '2560');
  assert.equal(nft[7]?.get('4/1#1/1'), '636d7000');
  assert.equal(nft[7]?.get('4/1#1/2/3/1'), '02000000');
});

test('differences() tells a changed, a missing and an added field', () => {
  const theirs = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  const ours = new Map([
    ['a', '3'],
    ['c', '4'],
  ]);
  assert.deepEqual(differences(theirs, ours), ['a 1 → 3', 'b 2 → -', 'c - → 4']);
});

test('assertSame() refuses a difference that is not allowed and an allowance that is not needed', () => {
  const theirs = new Map([['a', '1']]);
  const ours = new Map([['a', '2']]);
  assert.throws(() => assertSame(theirs, ours));
  assertSame(theirs, ours, { 'a 1 → 2': 'a reason' });
  assertSame(theirs, ours, { 'a 1 → *': 'a reason' });
  assert.throws(() => assertSame(theirs, theirs, { 'a 1 → 2': 'a reason' }));
});
