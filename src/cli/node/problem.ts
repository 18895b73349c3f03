/** What is wrong on this node, as a value: every command that names problems uses this form. */

/** `note`: good to know, nothing is wrong. */
export type Severity = 'error' | 'warning' | 'note';

export interface Problem {
  /** Stable, for scripts. */
  readonly code: string;
  readonly severity: Severity;
  /** What was found, with its value: one line. */
  readonly found: string;
  /** Why that matters. */
  readonly why: string;
  /** The command that mends it, as it can be typed. */
  readonly mend: string;
}

/** True when something has to be done. */
export function isSerious({ severity }: Problem): boolean {
  return severity !== 'note';
}
