/**
 * Netlink messages taken apart, to compare two programs by what they say and not by how they order it.
 * Decoded apart from src/net, so that a mistake there does not hide itself.
 */
import assert from 'node:assert/strict';
import { toHex } from '../../../fixtures/netlink/format.ts';

/**
 * A message as fields: `type`, `flag 0x400`, the fields of the family header by name, and attributes by
 * their types from the outside in, such as `18/2/1`; in a list with the position, such as `4/1#0/1`.
 */
export type Fields = ReadonlyMap<string, string>;

/** The messages of one or more datagrams. */
export function takeApart(...datagrams: readonly Uint8Array[]): Fields[] {
  return datagrams.flatMap((datagram) => {
    const messages: Fields[] = [];
    for (let at = 0; at < datagram.length; ) {
      const length = u32(datagram, at);
      assert.ok(length >= 16 && at + length <= datagram.length, 'the message is whole');
      messages.push(fieldsOf(datagram.subarray(at, at + length)));
      at += (length + 3) & ~3;
    }
    return messages;
  });
}

/**
 * What `ours` says otherwise than `theirs`, as lines `field theirs → ours`, `-` for a field that is not there.
 */
export function differences(theirs: Fields, ours: Fields): string[] {
  const names = new Set([...theirs.keys(), ...ours.keys()]);
  return [...names]
    .filter((name) => theirs.get(name) !== ours.get(name))
    .map((name) => `${name} ${theirs.get(name) ?? '-'} → ${ours.get(name) ?? '-'}`)
    .sort();
}

/**
 * Requires that `ours` says what `theirs` says but for the lines of `allowed`, each with its reason; a line
 * may end in `*` for any value. A line that is not needed any more fails too.
 */
export function assertSame(
  theirs: Fields,
  ours: Fields,
  allowed: Readonly<Record<string, string>> = {},
): void {
  const patterns = Object.keys(allowed).sort();
  const found = differences(theirs, ours).map((line) => patterns.find((one) => matches(one, line)) ?? line);
  assert.deepEqual(found, patterns);
}

function matches(pattern: string, line: string): boolean {
  return pattern.endsWith('*') ? line.startsWith(pattern.slice(0, -1)) : pattern === line;
}

type Header = readonly (readonly [name: string, bytes: number])[];

const IFINFO: Header = [
  ['family', 2],
  ['hardware', 2],
  ['index', 4],
  ['state', 4],
  ['change', 4],
];
const IFADDR: Header = [
  ['family', 1],
  ['prefix', 1],
  ['short flags', 1],
  ['scope', 1],
  ['index', 4],
];
const RTMSG: Header = [
  ['family', 1],
  ['dst bits', 1],
  ['src bits', 1],
  ['tos', 1],
  ['table', 1],
  ['protocol', 1],
  ['scope', 1],
  ['kind', 1],
  ['route flags', 4],
];
const NDMSG: Header = [
  ['family', 4],
  ['index', 4],
  ['state', 2],
  ['entry flags', 1],
  ['kind', 1],
];
const NFGENMSG: Header = [
  ['family', 1],
  ['version', 1],
  ['resource', 2],
];

/** By message type; everything else is of nf_tables. */
const HEADERS: Readonly<Record<number, Header>> = {
  16: IFINFO,
  17: IFINFO,
  19: IFINFO,
  20: IFADDR,
  21: IFADDR,
  24: RTMSG,
  25: RTMSG,
  28: NDMSG,
  29: NDMSG,
};
const NFT = 10 << 8;
/** These two share their numbers with RTM_NEWLINK and RTM_DELLINK; only the length tells. */
const BATCH_MARK_BYTES = 20;

/** Attributes made of attributes: message type and path. The value is the header before them. */
const NESTED: Readonly<Record<string, Header>> = {
  '16 18': [],
  '16 18/2': [],
  '16 18/2/1': IFINFO,
  '16 18/5': [],
  '19 12': [],
  '24 8': [],
  [`${NFT + 3} 4`]: [],
  [`${NFT + 6} 4`]: [],
  [`${NFT + 6} 4/1`]: [],
  [`${NFT + 6} 4/1/2`]: [],
  [`${NFT + 6} 4/1/2/2`]: [],
  [`${NFT + 6} 4/1/2/2/2`]: [],
  [`${NFT + 6} 4/1/2/3`]: [],
  [`${NFT + 12} 3`]: [],
  [`${NFT + 12} 3/1`]: [],
  [`${NFT + 12} 3/1/1`]: [],
  [`${NFT + 12} 3/1/2`]: [],
  [`${NFT + 14} 3`]: [],
  [`${NFT + 14} 3/1`]: [],
  [`${NFT + 14} 3/1/1`]: [],
};
/** Lists: the order of these counts. */
const LISTS: readonly string[] = [`${NFT + 6} 4/1`, `${NFT + 12} 3/1`, `${NFT + 14} 3/1`];

function fieldsOf(message: Uint8Array): Fields {
  const type = u16(message, 4);
  const fields = new Map([['type', String(type)]]);
  for (let bit = 1; bit <= 0x8000; bit <<= 1) {
    if ((u16(message, 6) & bit) !== 0) fields.set(`flag 0x${bit.toString(16)}`, 'on');
  }
  const header = message.length === BATCH_MARK_BYTES ? NFGENMSG : (HEADERS[type] ?? NFGENMSG);
  const rest = takeHeader(fields, '', message.subarray(16), header);
  takeAttributes(fields, type, '', '', attributesOf(rest) ?? assert.fail('attributes fill the message'));
  return fields;
}

/** `path` counts positions in lists, `layout` does not. */
function takeAttributes(
  fields: Map<string, string>,
  type: number,
  path: string,
  layout: string,
  attributes: readonly Attribute[],
): void {
  attributes.forEach(({ kind, value }, position) => {
    const at = layout === '' ? `${kind}` : `${layout}/${kind}`;
    const inList = LISTS.includes(`${type} ${at}`);
    const name = `${path === '' ? '' : `${path}/`}${kind}${inList ? `#${position}` : ''}`;
    assert.ok(!fields.has(name), `attribute ${name} comes once`);
    const header = NESTED[`${type} ${at}`];
    const headerBytes = header?.reduce((sum, [, bytes]) => sum + bytes, 0) ?? 0;
    const inner = header === undefined ? undefined : attributesOf(value.subarray(headerBytes));
    if (header === undefined || inner === undefined || value.length < headerBytes) {
      fields.set(name, toHex(value));
      return;
    }
    fields.set(name, '{}');
    takeHeader(fields, `${name} `, value, header);
    takeAttributes(fields, type, name, at, inner);
  });
}

/** Little-endian fields as decimal numbers; what comes behind them. */
function takeHeader(
  fields: Map<string, string>,
  prefix: string,
  bytes: Uint8Array,
  header: Header,
): Uint8Array {
  let at = 0;
  for (const [name, size] of header) {
    const value = bytes.subarray(at, at + size).reduceRight((sum, byte) => sum * 256 + byte, 0);
    fields.set(`${prefix}${name}`, String(value));
    at += size;
  }
  return bytes.subarray(at);
}

interface Attribute {
  readonly kind: number;
  readonly value: Uint8Array;
}

/** Undefined when the bytes are not exactly a row of attributes. */
function attributesOf(bytes: Uint8Array): Attribute[] | undefined {
  const found: Attribute[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = at + 4 <= bytes.length ? u16(bytes, at) : 0;
    if (length < 4 || at + length > bytes.length) return undefined;
    // NLA_F_NESTED and NLA_F_NET_BYTEORDER only describe the value.
    found.push({ kind: u16(bytes, at + 2) & 0x3fff, value: bytes.subarray(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return found;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;
}
