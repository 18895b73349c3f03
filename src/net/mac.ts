/** An Ethernet address in lower-case colon form ("00:0d:3a:0a:0b:0c"). */
import { broken } from '../sys/result.ts';
export type MacAddress = string & { readonly __brand: 'MacAddress' };

/** Reads "00:0D:3A:0A:0B:0C", "00-0d-…" or twelve hex digits as the wireserver prints them. */
export function parseMac(text: string): MacAddress | undefined {
  // As records have it.
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text)) return text as MacAddress;
  const bare = /^[0-9a-f]{12}$/i.test(text) ? text : undefined;
  const separated = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)
    ? text.replace(/[:-]/g, '')
    : undefined;
  const digits = bare ?? separated;
  if (digits === undefined) return undefined;
  return (digits.toLowerCase().match(/../g) ?? []).join(':') as MacAddress;
}

export function macBytes(mac: MacAddress): Uint8Array {
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(mac.slice(3 * i, 3 * i + 2), 16);
  return bytes;
}

export function macFromBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) broken(`expected 6 MAC bytes, got ${bytes.length}`);
  let text = '';
  for (const byte of bytes) text += `:${DIGITS[byte >> 4]}${DIGITS[byte & 15]}`;
  return text.slice(1) as MacAddress;
}

/** A list: the engine makes a string of each character that is taken from a string. */
const DIGITS = [...'0123456789abcdef'];
