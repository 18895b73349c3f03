import type { JsonObject, JsonValue } from '../sys/json.ts';

/** The object without keys that are absent, empty texts or empty lists: HNS takes each as "not said". */
export function filled(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
