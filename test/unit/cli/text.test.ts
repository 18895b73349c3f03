import assert from 'node:assert/strict';
import test from 'node:test';
import { formatAge, formatTime } from '../../../src/cli/age.ts';
import { COLOURED } from '../../../src/cli/style.ts';
import { table } from '../../../src/cli/table.ts';

test('formatAge() shows the two largest units', () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  const cases: [number, string][] = [
    [0, '0s'],
    [999, '0s'],
    [-5000, '0s'],
    [59 * second, '59s'],
    [60 * second, '1m'],
    [61 * second, '1m1s'],
    [hour, '1h'],
    [hour + 5 * second, '1h'],
    [2 * hour + 30 * minute + 59 * second, '2h30m'],
    [3 * day + 4 * hour + 5 * minute, '3d4h'],
    [400 * day, '400d'],
  ];
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text, String(ms));
});

test('formatTime() is RFC 3339 in UTC', () => {
  assert.equal(formatTime(1_893_456_000_123), '2030-01-01T00:00:00.123Z');
});

test('table() aligns columns, colours or not, without blanks at the ends', () => {
  assert.equal(
    table(
      [
        ['A', 'LONG', 'C'],
        ['abc', 'x', ''],
        [COLOURED.bad('z'), 'y', 'é'],
      ],
      '  ',
    ),
    `  A    LONG  C\n  abc  x\n  ${COLOURED.bad('z')}    y     é\n`,
  );
  assert.equal(table([]), '');
});
