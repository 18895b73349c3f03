/** The outcome of something that may fail in an expected way: a value or an error, never an exception. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Marks a switch over a union as complete; reaching it is a broken invariant. */
export function unreachable(value: never): never {
  broken(`unexpected value ${String(value)}`);
}

/** Throws: an invariant of our own does not hold. The caller of the plugin gets the text, the log the stack. */
export function broken(text: string): never {
  throw new Error(`Internal error: ${text}`);
}
