import { formatIpv4, type Ipv4, offsetIpv4, parseIpv4 } from './ipv4.ts';

/** An IPv4 network: the host bits of `base` are zero. */
export interface Cidr {
  readonly base: Ipv4;
  /** 0 to 32. */
  readonly prefixBits: number;
}

/** An address together with the prefix length of its network, host bits kept ("10.240.0.5/16"). */
export interface Ipv4Net {
  readonly address: Ipv4;
  readonly prefixBits: number;
}

/** The netmask of a prefix length as a 32-bit number. */
export function maskOf(prefixBits: number): number {
  return prefixBits === 0 ? 0 : (0xffffffff << (32 - prefixBits)) >>> 0;
}

/** Reads "10.240.0.5/16", host bits allowed. */
export function parseIpv4Net(text: string): Ipv4Net | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIpv4(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d?)$/.test(bits) || Number(bits) > 32) return undefined;
  return { address, prefixBits: Number(bits) };
}

/** Reads "10.240.0.0/16"; undefined when a host bit is set. */
export function parseCidr(text: string): Cidr | undefined {
  const net = parseIpv4Net(text);
  return net !== undefined && networkOf(net).base === net.address ? networkOf(net) : undefined;
}

export function networkOf(net: Ipv4Net): Cidr {
  return { base: ((net.address & maskOf(net.prefixBits)) >>> 0) as Ipv4, prefixBits: net.prefixBits };
}

export function cidrContains(cidr: Cidr, address: Ipv4): boolean {
  return (address & maskOf(cidr.prefixBits)) >>> 0 === cidr.base;
}

export function cidrEquals(a: Cidr, b: Cidr): boolean {
  return a.base === b.base && a.prefixBits === b.prefixBits;
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIpv4(cidr.base)}/${cidr.prefixBits}`;
}

export function formatIpv4Net(net: Ipv4Net): string {
  return `${formatIpv4(net.address)}/${net.prefixBits}`;
}

/** Number of addresses in the network, the network and broadcast addresses included. */
export function cidrSize(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefixBits);
}

/**
 * Azure's gateway of a subnet: its first host address. Undefined for /31 and /32, which have none.
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq (reserved addresses)
 */
export function gatewayOf(cidr: Cidr): Ipv4 | undefined {
  return cidr.prefixBits <= 30 ? offsetIpv4(cidr.base, 1) : undefined;
}
