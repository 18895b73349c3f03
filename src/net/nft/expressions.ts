/**
 * The nf_tables expressions that the product's rules are made of. Each loads into, compares or
 * stores from register 1, as the nft program does for such rules.
 * linux/netfilter/nf_tables.h
 */
import type { MessageWriter } from '../netlink/writer.ts';

const REGISTER = 1;
const VERDICT_REGISTER = 0;
const NF_DROP = 0;
const NFT_CMP_EQ = 0;

export const META_PROTOCOL = 1;
export const META_IIF = 4;
export const META_OIF = 5;
export const META_PKTTYPE = 19;

/** Where a payload offset counts from. */
export const LINK_HEADER = 0;
export const NETWORK_HEADER = 1;

export interface Field {
  readonly base: number;
  readonly offset: number;
  readonly bytes: number;
}

export const ETHER_DST: Field = { base: LINK_HEADER, offset: 0, bytes: 6 };
export const ETHER_SRC: Field = { base: LINK_HEADER, offset: 6, bytes: 6 };
export const IP_DST: Field = { base: NETWORK_HEADER, offset: 16, bytes: 4 };
/** RFC 826 with Ethernet and IPv4 addresses. */
export const ARP_OPERATION: Field = { base: NETWORK_HEADER, offset: 6, bytes: 2 };
export const ARP_SENDER_MAC: Field = { base: NETWORK_HEADER, offset: 8, bytes: 6 };
export const ARP_TARGET_IP: Field = { base: NETWORK_HEADER, offset: 24, bytes: 4 };

/** Matches when a meta value equals `value` (host order for link indexes, network order for protocols). */
export function matchMeta(w: MessageWriter, key: number, value: Uint8Array): void {
  expression(w, 'meta', () => w.attrU32Be(1, REGISTER).attrU32Be(2, key));
  compare(w, value);
}

export function matchField(w: MessageWriter, field: Field, value: Uint8Array): void {
  loadField(w, field);
  compare(w, value);
}

/** Matches when the field is an element of the set. */
export function matchFieldInSet(w: MessageWriter, field: Field, set: string): void {
  loadField(w, field);
  expression(w, 'lookup', () => w.attrString(1, set).attrU32Be(2, REGISTER));
}

/** Looks the field up in a map and leaves the value in the register; no element ends the rule. */
export function loadFromMap(w: MessageWriter, field: Field, map: string): void {
  loadField(w, field);
  expression(w, 'lookup', () => w.attrString(1, map).attrU32Be(2, REGISTER).attrU32Be(3, REGISTER));
}

export function loadValue(w: MessageWriter, value: Uint8Array): void {
  expression(w, 'immediate', () => w.attrU32Be(1, REGISTER).nest(2, () => w.attr(1, value)));
}

/** Writes the register to the field; no checksum covers the fields above. */
export function storeField(w: MessageWriter, field: Field): void {
  expression(w, 'payload', () => {
    w.attrU32Be(5, REGISTER).attrU32Be(2, field.base).attrU32Be(3, field.offset).attrU32Be(4, field.bytes);
    w.attrU32Be(6, 0).attrU32Be(7, 0).attrU32Be(8, 0);
  });
}

/** Writes the register to a meta value. */
export function storeMeta(w: MessageWriter, key: number): void {
  expression(w, 'meta', () => w.attrU32Be(2, key).attrU32Be(3, REGISTER));
}

export function drop(w: MessageWriter): void {
  expression(w, 'immediate', () => {
    w.attrU32Be(1, VERDICT_REGISTER).nest(2, () => w.nest(2, () => w.attrU32Be(1, NF_DROP)));
  });
}

/** Reads the field into the register. */
export function loadField(w: MessageWriter, field: Field): void {
  expression(w, 'payload', () => {
    w.attrU32Be(1, REGISTER).attrU32Be(2, field.base).attrU32Be(3, field.offset).attrU32Be(4, field.bytes);
  });
}

function compare(w: MessageWriter, value: Uint8Array): void {
  expression(w, 'cmp', () => {
    w.attrU32Be(1, REGISTER)
      .attrU32Be(2, NFT_CMP_EQ)
      .nest(3, () => w.attr(1, value));
  });
}

/** NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA { … } } */
function expression(w: MessageWriter, name: string, data: () => void): void {
  w.nest(1, () => w.attrString(1, name).nest(2, data));
}
