/**
 * Reads netlink messages and attributes. Bytes come from the kernel, yet every length is checked
 * against what is there: a malformed length ends the walk instead of reading past it.
 * linux/netlink.h
 */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the 16-byte header. */
  readonly payload: Uint8Array;
}

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_DUMP_INTR = 0x10;

const HEADER_BYTES = 16;
const NLA_TYPE_MASK = 0x3fff;

/** The messages of one datagram. A truncated tail is left out. */
export function readMessages(datagram: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const words = wordsOf(datagram, 0);
  const end = datagram.length;
  for (let at = 0; at + HEADER_BYTES <= end; ) {
    const length = words[at >> 2] ?? 0;
    if (length < HEADER_BYTES || at + length > end) break;
    const kind = words[(at >> 2) + 1] ?? 0;
    messages.push({
      type: kind & 0xffff,
      flags: kind >>> 16,
      sequence: words[(at >> 2) + 2] ?? 0,
      payload: datagram.subarray(at + HEADER_BYTES, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Types of attributes, for `forEachAttr` and `readAttrs`; each below 64. */
export function attrTypes(...types: readonly number[]): Uint8Array {
  const wanted = new Uint8Array(64);
  for (const type of types) wanted[type] = 1;
  return wanted;
}

/**
 * Calls `visit` for each attribute from `offset` on, with the nesting flags taken off the type; or for those of the
 * `wanted` types only: a link has some forty, and to look at each costs more than the question to the kernel.
 */
export function forEachAttr(
  bytes: Uint8Array,
  offset: number,
  visit: (type: number, value: Uint8Array) => void,
  wanted?: Uint8Array,
): void {
  const words = wordsOf(bytes, offset);
  const end = bytes.length - offset;
  for (let at = 0; at + 4 <= end; ) {
    const header = words[at >> 2] ?? 0;
    const length = header & 0xffff;
    if (length < 4 || at + length > end) break;
    const type = (header >>> 16) & NLA_TYPE_MASK;
    if (wanted === undefined || wanted[type] === 1)
      visit(type, bytes.subarray(offset + at + 4, offset + at + length));
    at += (length + 3) & ~3;
  }
}

/** The attributes from `offset` on by type, or those of the `wanted` types. The last of a kind wins. */
export function readAttrs(bytes: Uint8Array, offset: number, wanted?: Uint8Array): Map<number, Uint8Array> {
  const attrs = new Map<number, Uint8Array>();
  forEachAttr(bytes, offset, (type, value) => attrs.set(type, value), wanted);
  return attrs;
}

/** A little-endian 32-bit number at `offset`; undefined when there are not four bytes. */
export function u32At(bytes: Uint8Array | undefined, offset = 0): number | undefined {
  const low = u16At(bytes, offset);
  const high = u16At(bytes, offset + 2);
  return low === undefined || high === undefined ? undefined : (low | (high << 16)) >>> 0;
}

export function u16At(bytes: Uint8Array | undefined, offset = 0): number | undefined {
  const low = bytes?.[offset];
  const high = bytes?.[offset + 1];
  return low === undefined || high === undefined ? undefined : low | (high << 8);
}

/** A string up to its NUL, one character for each byte. */
export function stringOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  const codes: unknown = end < 0 ? bytes : bytes.subarray(0, end);
  // All at once, for which any list of numbers will do: one by one takes the engine twenty times as long.
  return String.fromCharCode.apply(null, codes as number[]);
}

/** The bytes from `offset` on as words; a copy where they do not begin at one. */
function wordsOf(bytes: Uint8Array, offset: number): Uint32Array {
  const from = bytes.byteOffset + offset;
  const count = (bytes.length - offset) >> 2;
  if (count <= 0) return new Uint32Array();
  return from % 4 === 0
    ? new Uint32Array(bytes.buffer, from, count)
    : new Uint32Array(new Uint8Array(bytes.subarray(offset, offset + count * 4)).buffer);
}
