import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { recordName, recordNameParts } from '../../../src/state/paths.ts';

test('recordName() keeps safe characters readable', () => {
  assert.equal(recordName('10.240.0.5', 'c1', 'eth0'), '10.240.0.5@c1@eth0');
  assert.equal(recordName('a_b-c.d'), 'a_b-c.d');
});

test('recordName() never leaves its directory', () => {
  for (const part of ['', '.', '..', '../x', '/etc/passwd', '.hidden', 'a\0b', '~', '.tmp-1-x']) {
    const name = recordName(part);
    assert.match(name, /^[A-Za-z0-9_%-][A-Za-z0-9._%@-]*$/, JSON.stringify(part));
  }
});

test('recordName() escapes what separates and what marks a shortened name', () => {
  assert.equal(recordName('a@b', 'c'), 'a%40b@c');
  assert.equal(recordName('~x'), '%7ex');
  assert.equal(recordName('a%40b'), 'a%2540b');
});

test('recordName() is injective and recordNameParts() its inverse for whole names', () => {
  const part = fc.string({ unit: 'grapheme', maxLength: 12 });
  const parts = fc.array(part, { minLength: 1, maxLength: 4 }).filter((list) => list.join('') !== '');
  fc.assert(
    fc.property(parts, (list) => {
      const name = recordName(...list);
      fc.pre(name.length <= 200);
      assert.deepEqual(recordNameParts(name), list);
    }),
  );
});

test('recordName() stays within the limit of the kernel and tells long keys apart', () => {
  const long = 'x'.repeat(400);
  const [a, b] = [recordName('n', `${long}a`, 'eth0'), recordName('n', `${long}b`, 'eth0')];
  assert.notEqual(a, b);
  assert.ok(a.length <= 230 && a.startsWith('n@xxx'));
  assert.equal(recordNameParts(a), undefined);
});

test('recordName() never gives a shortened name to a short key', () => {
  const shortened = recordName('x'.repeat(300));
  assert.notEqual(recordName(shortened), shortened);
});
