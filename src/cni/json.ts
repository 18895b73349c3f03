/**
 * JSON as the CNI ecosystem reads it. The original plugins decode with Go's encoding/json: keys match in
 * any case, the last spelling wins, and null leaves the default. Configurations in use rely on it.
 */
import { parseJsonText } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { JsonObject, JsonValue } from './types.ts';

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses one document; the error is the parser's own words, on one line. */
export function parseJson(text: string): Result<JsonValue, string> {
  try {
    return ok(parseJsonText(text));
  } catch (error) {
    return err(text.trim() === '' ? 'unexpected end of JSON input' : oneLine(messageOf(error)));
  }
}

/** The keys in lower case with their values; those that are null are left out. The last spelling wins. */
export function folded(object: JsonObject): JsonObject {
  const before = known.get(object);
  if (before !== undefined) return before;
  const all: { [key: string]: JsonValue | undefined } = Object.create(null);
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== null) all[name.toLowerCase()] = value;
  }
  known.set(object, all);
  return all;
}

/** What was folded already: every part of a call reads the configuration. */
const known = new WeakMap<JsonObject, JsonObject>();

/** The value of `key` in any case; undefined when it is absent or null. */
export function lookup(object: JsonObject, key: string): JsonValue | undefined {
  return folded(object)[key.toLowerCase()];
}

/** A value for a message: its JSON, shortened to `MAX_SHOWN_CHARACTERS`. */
export function show(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Messages are one line each, whatever went into them; a text of one line stays as it is. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

const MAX_SHOWN_CHARACTERS = 120;
