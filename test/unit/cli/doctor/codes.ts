/** Assertions about what a check says. */
import assert from 'node:assert/strict';
import type { Checked } from '../../../../src/cli/doctor/finding.ts';

/** Severity and code of each finding; every finding has all its texts on one line each. */
export function codes({ check, findings }: Checked): string[] {
  return findings.map(({ severity, code, found, why, mend }) => {
    for (const text of [found, why, mend]) {
      assert.notEqual(text, '', `${check} ${code}`);
      assert.doesNotMatch(text, /[\n\r]|undefined|\[object/, `${check} ${code}`);
    }
    return `${severity} ${code}`;
  });
}
