/** An IPv4 address as an unsigned 32-bit number, most significant octet first. */
import { broken } from '../sys/result.ts';
export type Ipv4 = number & { readonly __brand: 'Ipv4' };

/**
 * Reads dotted decimal, strictly (RFC 6943 §3.1.1): four octets, no leading zero, no sign, no white
 * space. Returns undefined for anything else.
 */
export function parseIpv4(text: string): Ipv4 | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = match[i] ?? '';
    if ((octet.length > 1 && octet.startsWith('0')) || Number(octet) > 255) return undefined;
    value = value * 256 + Number(octet);
  }
  return value as Ipv4;
}

export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The address `count` further (or back, when negative); undefined outside 0.0.0.0 – 255.255.255.255. */
export function offsetIpv4(address: Ipv4, count: number): Ipv4 | undefined {
  const value = address + count;
  return value >= 0 && value <= 0xffffffff ? (value as Ipv4) : undefined;
}

/** The four bytes in network order. */
export function ipv4Bytes(address: Ipv4): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

export function ipv4FromBytes(bytes: Uint8Array): Ipv4 {
  if (bytes.length !== 4) broken(`expected 4 address bytes, got ${bytes.length}`);
  return ((((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) >>>
    0) as Ipv4;
}
