import { REFUSAL_HINTS } from './platform.ts';
import { SysError } from './sys.ts';

/**
 * Expected failures: values with a stable code. The table maps our code to the number of the CNI
 * specification (SPEC.md "Error"), 100 and above for our own; failure-help.ts says what each means.
 */
export const FAILURES = {
  INCOMPATIBLE_VERSION: 1,
  UNSUPPORTED_FIELD: 2,
  UNKNOWN_CONTAINER: 3,
  BAD_ENVIRONMENT: 4,
  IO: 5,
  UNDECODABLE: 6,
  INVALID_CONFIG: 7,
  INVALID_NETNS: 8,
  POOL_EXHAUSTED: 11,
  POOL_EMPTY: 11,
  SOURCE_UNAVAILABLE: 11,
  LOCK_TIMEOUT: 11,
  NOT_AVAILABLE: 50,
  LIMITED_CONNECTIVITY: 51,
  ADDRESS_UNAVAILABLE: 100,
  NO_POOL: 100,
  NO_MASTER: 100,
  PLUGIN_NOT_FOUND: 100,
  DELEGATE_FAILED: 100,
  NETWORK_SETUP: 100,
  ENDPOINT_SETUP: 100,
  CHECK_FAILED: 100,
  GC_INCOMPLETE: 100,
  INTERNAL: 999,
} as const satisfies Record<string, number>;

export type FailureCode = keyof typeof FAILURES;

/** An expected failure. `message` is one line that names the value, the limit and the next step. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly details?: string;
  /** In place of the code's number: that of another plugin's error, or 11 for what is worth another try. */
  readonly cniCode?: number;
}

export function failure(code: FailureCode, message: string, details?: string): Failure {
  return details === undefined ? { code, message } : { code, message, details };
}

/** A refusal of the operating system as a failure, with what to do about it; undefined for other errors. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof SysError)) return undefined;
  const hint = REFUSAL_HINTS[error.code];
  return failure('IO', hint === undefined ? error.message : `${error.message}; ${hint}`);
}

/** The code printed to the runtime. */
export function cniCodeOf(error: Failure): number {
  return error.cniCode ?? FAILURES[error.code];
}
