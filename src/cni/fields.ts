/**
 * Typed access to the keys of one JSON object. What does not fit is remembered as a problem, which names
 * the key, and reads as absent: the caller decides whether problems are fatal (ADD) or not (DEL).
 */
import { type Failure, failure } from '../sys/failure.ts';
import { folded, isObject, show } from './json.ts';
import type { JsonObject, JsonValue } from './types.ts';

export class Fields {
  /** The object itself, for what is passed on as it came. */
  readonly object: JsonObject;
  readonly #folded: JsonObject;
  readonly #prefix: string;
  readonly problems: Failure[];

  constructor(object: JsonObject, prefix = '', problems: Failure[] = []) {
    this.object = object;
    this.#folded = folded(object);
    this.#prefix = prefix;
    this.problems = problems;
  }

  /** Records that the value of `key` is malformed; error code 7. */
  invalid(key: string, expected: string, value: JsonValue): undefined {
    const text = `${this.#prefix}${key}: expected ${expected}, got ${show(value)}`;
    this.problems.push(failure('INVALID_CONFIG', text));
    return undefined;
  }

  /** Records that the value of `key` asks for something that is not there; error code 2. */
  unsupported(key: string, value: JsonValue, why: string): undefined {
    const text = `Unsupported field ${this.#prefix}${key}: ${show(value)}; ${why}`;
    this.problems.push(failure('UNSUPPORTED_FIELD', text));
    return undefined;
  }

  value(key: string): JsonValue | undefined {
    return this.#folded[key.toLowerCase()];
  }

  /** Empty when absent, as for Go. */
  string(key: string): string {
    const value = this.value(key) ?? '';
    return typeof value === 'string' ? value : (this.invalid(key, 'a string', value) ?? '');
  }

  boolean(key: string): boolean | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.invalid(key, 'true or false', value);
  }

  /** A whole number, 0 or more. */
  count(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) {
      return value;
    }
    return this.invalid(key, 'a whole number', value);
  }

  /** Empty when absent. */
  list(key: string): readonly JsonValue[] {
    const value = this.value(key) ?? [];
    return Array.isArray(value) ? value : (this.invalid(key, 'a list', value) ?? []);
  }

  strings(key: string): readonly string[] {
    return this.list(key).flatMap((item, index) =>
      typeof item === 'string' ? [item] : (this.invalid(`${key}[${index}]`, 'a string', item) ?? []),
    );
  }

  /** The object under `key`; without any keys when absent. */
  child(key: string): Fields {
    return this.#nested(key, this.value(key) ?? {});
  }

  /** The objects in the list under `key`. */
  children(key: string): Fields[] {
    return this.list(key).map((item, index) => this.#nested(`${key}[${index}]`, item));
  }

  /** Reads a text with `parse`; undefined when it is absent or empty. */
  parsed<T>(key: string, parse: (text: string) => T | undefined, expected: string): T | undefined {
    const text = this.string(key);
    return text === '' ? undefined : (parse(text) ?? this.invalid(key, expected, text));
  }

  #nested(key: string, value: JsonValue): Fields {
    if (!isObject(value)) this.invalid(key, 'an object', value);
    return new Fields(isObject(value) ? value : {}, `${this.#prefix}${key}.`, this.problems);
  }
}

/** One failure for all problems: the code of the first, the messages of all. */
export function joinProblems(problems: readonly Failure[]): Failure | undefined {
  const first = problems[0];
  return first && failure(first.code, problems.map((problem) => problem.message).join('; '));
}

/** `{ [key]: value }`, or nothing when the value is undefined or an empty string. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { [P in K]?: V });
}
