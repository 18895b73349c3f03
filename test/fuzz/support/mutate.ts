/** Changes to JSON documents, as values and as text, that keep most of what was there. */
import type { JsonObject, JsonValue } from '../../../src/cni/types.ts';
import { hostileKey, hostileText, hostileValue, PROTOTYPE_NAMES } from './hostile.ts';
import type { Random } from './random.ts';

const MAX_CHANGES = 3;

/** A copy with one to three changes at random places. */
export function mutateValue(random: Random, value: JsonValue): JsonValue {
  let changed = value;
  for (let i = 1 + random.below(MAX_CHANGES); i > 0; i--) changed = changeOnce(random, changed);
  return changed;
}

/** Walks to a random place and changes what is there. */
function changeOnce(random: Random, value: JsonValue): JsonValue {
  if (Array.isArray(value)) return changeList(random, value as readonly JsonValue[]);
  if (typeof value === 'object' && value !== null) return changeObject(random, value as JsonObject);
  return changeLeaf(random, value);
}

function changeLeaf(random: Random, value: JsonValue): JsonValue {
  if (typeof value !== 'string' || random.oneIn(2)) return hostileValue(random);
  switch (random.below(4)) {
    case 0:
      return value + hostileText(random);
    case 1:
      return hostileText(random) + value;
    case 2:
      return value.slice(0, random.below(value.length + 1));
    default:
      return random.oneIn(2) ? value.toUpperCase() : hostileText(random);
  }
}

function changeList(random: Random, list: readonly JsonValue[]): JsonValue {
  const at = random.below(list.length + 1);
  switch (random.weighted({ inner: list.length === 0 ? 0 : 6, add: 2, remove: 1, repeat: 1, replace: 1 })) {
    case 'inner':
      return list.map((item, i) => (i === at % list.length ? changeOnce(random, item) : item));
    case 'add':
      return [...list.slice(0, at), hostileValue(random), ...list.slice(at)];
    case 'remove':
      return list.filter((_, i) => i !== at);
    case 'repeat':
      return [...list, ...list, ...list];
    default:
      return hostileValue(random);
  }
}

function changeObject(random: Random, object: JsonObject): JsonValue {
  const entries = Object.entries(object);
  const at = random.below(entries.length + 1);
  const chosen = entries[at % Math.max(1, entries.length)];
  const kinds = { inner: 8, add: 2, remove: 2, rename: 2, replace: 1 };
  const kind = chosen === undefined ? 'add' : random.weighted(kinds);
  if (chosen === undefined || kind === 'add') {
    return Object.fromEntries([...entries, [hostileKey(random), hostileValue(random)]]) as JsonObject;
  }
  if (kind === 'replace') return hostileValue(random);
  const [key, value = null] = chosen;
  const rest = entries.filter(([other]) => other !== key);
  if (kind === 'remove') return Object.fromEntries(rest) as JsonObject;
  if (kind === 'inner') return Object.fromEntries([...rest, [key, changeOnce(random, value)]]) as JsonObject;
  const renamed = random.oneIn(2) ? key.toUpperCase() : hostileKey(random);
  return Object.fromEntries([...rest, [renamed, value]]) as JsonObject;
}

/** The text of a document with a change that makes most of them malformed. */
export function mutateText(random: Random, text: string): Uint8Array {
  const at = random.below(text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (
    random.weighted({
      cut: 4,
      insert: 4,
      bytes: 2,
      twice: 2,
      deep: 2,
      keys: 4,
      number: 2,
      white: 1,
      big: 1,
      noise: 1,
    })
  ) {
    case 'cut':
      return utf8(random.oneIn(2) ? before : after);
    case 'insert':
      return utf8(before + random.pick(SYNTAX) + after);
    case 'bytes':
      return joined(utf8(before), random.bytes(1 + random.below(4)), utf8(after));
    case 'twice':
      return utf8(text + random.pick(['', '\n', ',', ' null', text]) + text);
    case 'deep':
      return utf8(deepText(random, text));
    case 'keys':
      return utf8(withKey(random, text));
    case 'number':
      return utf8(text.replace(/"[^"]*"(?=[,}\]])/, random.pick(LITERALS)));
    case 'white':
      return utf8(random.pick(['\ufeff', ' \n\t', '\u00a0', '\0']) + text + random.pick(['\n\n', '\0', '']));
    case 'big':
      return utf8(`${before}${'9'.repeat(random.pick([100, 5000]))}${after}`);
    default:
      return random.bytes(random.below(200));
  }
}

/** A key that is there already, or one of every object, in front of or behind the others. */
function withKey(random: Random, text: string): string {
  const key = random.oneIn(2) ? random.pick(PROTOTYPE_NAMES) : random.pick(KNOWN_KEYS);
  const pair = `${JSON.stringify(key)}:${JSON.stringify(hostileValue(random))}`;
  return random.oneIn(2) ? text.replace('{', `{${pair},`) : text.replace(/\}([^}]*)$/, `,${pair}}$1`);
}

function deepText(random: Random, text: string): string {
  const depth = random.oneIn(20) ? 50_000 : random.pick([50, 99, 101, 500, 2000]);
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ]);
  const end = random.oneIn(4) ? '' : `0${close?.repeat(depth)}`;
  return text.replace('{', `{"deep":${open?.repeat(depth)}${end},`);
}

export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const ENCODER = new TextEncoder();
const SYNTAX = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\0',
  '\n',
  '//',
  '/**/',
  "'",
  '-',
];
const LITERALS = [
  '1e999',
  '-1e999',
  '01',
  '.5',
  '0x1',
  'NaN',
  'tru',
  'nul',
  '18446744073709551616',
  '[1,]',
  '-',
];
const KNOWN_KEYS = [
  'name',
  'NAME',
  'cniVersion',
  'CNIVERSION',
  'type',
  'mode',
  'master',
  'bridge',
  'ipam',
  'IPAM',
  'ipMasq',
  'multiTenancy',
  'ipv6Mode',
  'executionMode',
  'runtimeConfig',
  'args',
  'dns',
  'logLevel',
  'ipsToRouteViaHost',
  'prevResult',
  'cni.dev/valid-attachments',
  'cni.dev/attachments',
];
