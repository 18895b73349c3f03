/** Values of JSON, as the types of every layer that reads or writes documents. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/**
 * Deeper documents are refused where they come in: whatever walks them may do so by recursion, JSON.stringify
 * included. What the specification defines has 6 levels.
 */
export const MAX_JSON_LEVELS = 100;

/** Parses one document; throws a SyntaxError for a malformed one and for one that is nested too deeply. */
export function parseJsonText(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue;
  // Most documents have too few objects and lists to be too deep.
  const most = text.split('{').length + text.split('[').length;
  if (most > MAX_JSON_LEVELS && isDeeperThan(value, MAX_JSON_LEVELS)) {
    throw new SyntaxError(`nested more than ${MAX_JSON_LEVELS} levels deep`);
  }
  return value;
}

function isDeeperThan(value: JsonValue | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
