/**
 * Writes netlink messages into one buffer, so that a whole batch leaves in one send.
 *
 *   +-------------+--------------+-----------------+-----------------+---
 *   | nlmsghdr 16 | family header| nlattr | value… | nlattr | value… | next message
 *   +-------------+--------------+-----------------+-----------------+---
 *
 * Everything is aligned to four bytes. Numbers are in host order, which is little endian on every
 * platform of the product; nf_tables wants its numbers in network order (the `…Be` functions).
 * linux/netlink.h
 */
import { broken } from '../../sys/result.ts';
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
const NLA_F_NESTED = 0x8000;

/** A batch longer than this is a defect: the largest, one GC of a full NIC, needs about 64 KiB. */
const BATCH_LIMIT_BYTES = 1 << 20;
/** nla_len has 16 bits and counts its own header. */
const ATTR_LIMIT_BYTES = 65535;

const HEADER_BYTES = 16;
const FIRST_BYTES = 1024;

export class MessageWriter {
  /** Zero from `#length` on. */
  #words = new Uint32Array(FIRST_BYTES / 4);
  #bytes = new Uint8Array(this.#words.buffer);
  #capacity = FIRST_BYTES;
  #length = 0;
  #messageStart = -1;
  #count = 0;

  /** Number of finished messages. */
  get count(): number {
    return this.#count;
  }

  /** Begins a message; its header is completed by `end`. */
  begin(type: number, flags: number): this {
    if (this.#messageStart >= 0) broken('netlink message begun inside another');
    const at = this.#grow(HEADER_BYTES);
    this.#messageStart = at;
    this.#words[(at >> 2) + 1] = type | ((NLM_F_REQUEST | flags) << 16);
    return this;
  }

  end(): this {
    if (this.#messageStart < 0) broken('netlink message ended without a begin');
    this.#words[this.#messageStart >> 2] = this.#length - this.#messageStart;
    this.#messageStart = -1;
    this.#count++;
    this.#align();
    return this;
  }

  /**
   * The bytes of the batch. Messages get the sequence numbers `firstSequence`, +1, …; only the one of
   * index `acknowledged` asks for an acknowledgement: the kernel reports the errors of the others
   * without being asked, in order.
   */
  finish(firstSequence: number, acknowledged: number): Uint8Array {
    if (this.#messageStart >= 0) broken('netlink batch finished inside a message');
    const words = this.#words;
    let sequence = firstSequence;
    for (let at = 0; at < this.#length >> 2; ) {
      words[at + 2] = sequence;
      if (sequence++ === firstSequence + acknowledged)
        words[at + 1] = (words[at + 1] ?? 0) | (NLM_F_ACK << 16);
      at += ((words[at] ?? 0) + 3) >> 2;
    }
    return this.#bytes.subarray(0, this.#length);
  }

  /** Four bytes in this order. */
  octets(first: number, second: number, third: number, fourth: number): this {
    return this.u32(first | (second << 8) | (third << 16) | (fourth << 24));
  }

  /** At a multiple of four bytes, as are all that there are. */
  u32(value: number): this {
    const at = this.#grow(4);
    if ((at & 3) !== 0) broken('netlink number of 32 bits not aligned');
    this.#words[at >> 2] = value;
    return this;
  }

  u32Be(value: number): this {
    return this.u32((value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >>> 24));
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  // ---- attributes ----

  attr(type: number, value: Uint8Array): this {
    return this.#attr(type, () => this.bytes(value));
  }

  attrU8(type: number, value: number): this {
    return this.u32(5 | (type << 16)).u32(value & 0xff);
  }

  attrU32(type: number, value: number): this {
    return this.u32(8 | (type << 16)).u32(value);
  }

  attrU32Be(type: number, value: number): this {
    return this.u32(8 | (type << 16)).u32Be(value);
  }

  /**
   * A NUL-terminated string, one byte for each character: names of interfaces, tables, chains and sets. A
   * name that the kernel gave goes back to it as it came, whatever its encoding (`stringOf`).
   */
  attrString(type: number, value: string): this {
    return this.#attr(type, () => {
      // With the NUL at its end.
      const at = this.#grow(value.length + 1);
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code === 0 || code > 255) broken(`name ${JSON.stringify(value)} is not made of bytes`);
        this.#bytes[at + i] = code;
      }
    });
  }

  /** An attribute whose value is what `body` writes. */
  nest(type: number, body: () => void): this {
    return this.#attr(type | NLA_F_NESTED, body);
  }

  /** The length is known when the value is written. */
  #attr(type: number, writeValue: () => void): this {
    const start = this.#grow(4);
    writeValue();
    const length = this.#length - start;
    if (length > ATTR_LIMIT_BYTES) {
      broken(`netlink attribute ${type} of ${length} bytes, limit ${ATTR_LIMIT_BYTES}`);
    }
    this.#words[start >> 2] = length | (type << 16);
    this.#align();
    return this;
  }

  #align(): void {
    this.#grow(-this.#length & 3);
  }

  /** Room for so many bytes more; where they begin. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#capacity) this.#enlarge();
    return at;
  }

  #enlarge(): void {
    if (this.#length > BATCH_LIMIT_BYTES) {
      broken(`netlink batch of ${this.#length} bytes, limit ${BATCH_LIMIT_BYTES}`);
    }
    const old = this.#bytes;
    this.#capacity = Math.max(this.#capacity * 2, (this.#length + 3) & ~3);
    this.#words = new Uint32Array(this.#capacity / 4);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#bytes.set(old);
  }
}
