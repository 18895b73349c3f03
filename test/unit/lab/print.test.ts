import assert from 'node:assert/strict';
import test from 'node:test';
import { Printer, plain } from '../../../lab/demo/print.ts';

function printed(colour: boolean, work: (out: Printer) => void): string {
  let text = '';
  work(
    new Printer((part) => {
      text += part;
    }, colour),
  );
  return text;
}

test('Printer.table() aligns columns, also with colours', () => {
  const rows = [
    plain('a', 'long', 'c'),
    [...plain('bb'), { text: '✓', tone: 'good' } as const, ...plain('d')],
  ];
  assert.equal(
    printed(false, (out) => out.table(rows)),
    '  a   long  c\n  bb  ✓     d\n',
  );
  assert.equal(
    printed(true, (out) => out.table(rows)),
    '  a   long  c\n  bb  \u001b[32m✓\u001b[0m     d\n',
  );
});

test('Printer.check() marks and counts failures', () => {
  let totals: number[] = [];
  const text = printed(false, (out) => {
    out.check(true, 'this holds', 'seen');
    out.checks([
      { passed: false, text: 'that', seen: '1' },
      { passed: true, text: 'longer', seen: '2' },
    ]);
    out.tally(false);
    totals = [out.total, out.failures];
  });
  assert.equal(text, '  ✓ this holds  seen\n  ✗ that    1\n  ✓ longer  2\n');
  assert.deepEqual(totals, [4, 2]);
});
