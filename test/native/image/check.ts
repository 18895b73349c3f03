/** What the cases of the image are made of: a call of the host and what it must end in. */
import { SysError } from '../../../src/sys/sys.ts';

/** A host function as a caller without types sees it. */
export type Loose = (...args: readonly unknown[]) => unknown;

declare const host: Readonly<Record<string, Loose | undefined>>;

export interface Case {
  readonly name: string;
  /** `ok`, or the errno name of the SysError. */
  readonly expected: string;
  /** For `ok` throws an Error when a result is wrong. */
  run(): unknown;
}

/** Calls a function of the host with any arguments. */
export function call(name: string, ...args: readonly unknown[]): unknown {
  const found = host[name];
  if (found === undefined) throw new Error(`the host has no ${name}`);
  return found(...args);
}

/** A case that calls `name` with `args` and must be refused with `errno`. */
export function refused(name: string, what: string, errno: string, ...args: readonly unknown[]): Case {
  return { name: `${name}: ${what}`, expected: errno, run: () => call(name, ...args) };
}

/** A case that must succeed. */
export function works(name: string, run: () => unknown): Case {
  return { name, expected: 'ok', run };
}

export function expectEqual(actual: unknown, expected: unknown): void {
  const texts = [actual, expected].map((value) => JSON.stringify(value));
  if (texts[0] !== texts[1]) throw new Error(`expected ${texts[1]}, got ${texts[0]}`);
}

export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected ${what}`);
}

/** What came of a case: `ok`, an errno name, or the text of another exception. */
export function outcomeOf({ run }: Case): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return error instanceof SysError ? error.code : String(error);
  }
}
