/** What a check says: findings, and one line about what it has looked at. */
import type { Problem, Severity } from '../node/problem.ts';

export interface Checked {
  readonly check: string;
  /** What was looked at and found: one line, shown when nothing is wrong. */
  readonly seen: string;
  readonly findings: readonly Problem[];
}

export function finding(
  severity: Severity,
  code: string,
  text: { readonly found: string; readonly why: string; readonly mend: string },
): Problem {
  return { code, severity, ...text };
}
