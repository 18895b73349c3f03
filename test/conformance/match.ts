/**
 * Patterns for JSON documents. An object matches when the keys that it names match; an array element by
 * element; anything else when it is equal. Special objects:
 *   {"$re": "…"} a text that the expression finds    {"$includes": "…"} a text with this in it
 *   {"$type": "number"}                              {"$absent": true} no such key
 *   {"$contains": [...]} an array with these values  {"$some": p} an array with a match of p
 */
import type { JsonObject, JsonValue } from '../../src/cni/types.ts';

/** What does not match, with its path; undefined when all does. */
export function mismatch(pattern: JsonValue, value: JsonValue | undefined, path = '$'): string | undefined {
  if (Array.isArray(pattern)) return arrayMismatch(pattern, value, path);
  if (!isObject(pattern)) {
    return pattern === value ? undefined : `${path}: ${show(value)} is not ${show(pattern)}`;
  }
  const [operator = ''] = Object.keys(pattern);
  const special = OPERATORS[operator];
  if (special !== undefined) return special(pattern[operator] ?? null, value, path);
  if (!isObject(value)) return `${path}: ${show(value)} is no object`;
  for (const [key, part] of Object.entries(pattern)) {
    const problem = mismatch(part ?? null, value[key], `${path}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The value at a path such as `ips.0.address`. */
export function at(document: JsonValue | undefined, path: string): JsonValue | undefined {
  let value = document;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as JsonObject)[key];
  }
  return value;
}

function arrayMismatch(pattern: readonly JsonValue[], value: JsonValue | undefined, path: string) {
  if (!Array.isArray(value)) return `${path}: ${show(value)} is no array`;
  if (pattern.length !== value.length) return `${path}: ${show(value)} has not ${pattern.length} elements`;
  for (const [index, part] of pattern.entries()) {
    const problem = mismatch(part, value[index], `${path}[${index}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Operator = (argument: JsonValue, value: JsonValue | undefined, path: string) => string | undefined;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $re: (expression, value, path) =>
    typeof value === 'string' && new RegExp(String(expression)).test(value)
      ? undefined
      : `${path}: ${show(value)} does not match ${String(expression)}`,
  $includes: (text, value, path) =>
    typeof value === 'string' && value.includes(String(text))
      ? undefined
      : `${path}: ${show(value)} does not have ${show(text)}`,
  $type: (type, value, path) =>
    String(type) === typeof value ? undefined : `${path}: ${show(value)} is no ${String(type)}`,
  $absent: (_, value, path) =>
    value === undefined ? undefined : `${path}: should be absent, is ${show(value)}`,
  $contains: (wanted, value, path) =>
    Array.isArray(value) && (wanted as readonly JsonValue[]).every((item) => value.includes(item))
      ? undefined
      : `${path}: ${show(value)} lacks some of ${show(wanted)}`,
  $some: (pattern, value, path) => {
    if (!Array.isArray(value)) return `${path}: ${show(value)} is no array`;
    const problems = value.map((item, index) => mismatch(pattern, item, `${path}[${index}]`));
    return problems.includes(undefined) ? undefined : `${path}: nothing matches; ${problems.join('; ')}`;
  },
};

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: JsonValue | undefined): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}
