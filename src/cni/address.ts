/** Addresses of either family, as results carry them. */
import { formatIpv4Net, parseIpv4Net } from '../net/cidr.ts';
import { formatIpv4, parseIpv4 } from '../net/ipv4.ts';
import { formatIpv6, parseIpv6 } from '../net/ipv6.ts';
import type { Ip, IpNet } from './types.ts';

export function parseIp(text: string): Ip | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { family: 4, address: v4 };
  const v6 = parseIpv6(text);
  return v6 && { family: 6, address: v6 };
}

export function formatIp(ip: Ip): string {
  return ip.family === 4 ? formatIpv4(ip.address) : formatIpv6(ip.address);
}

/** Reads an address with its prefix length, host bits kept. */
export function parseIpNet(text: string): IpNet | undefined {
  const v4 = parseIpv4Net(text);
  if (v4 !== undefined) return { family: 4, ...v4 };
  const match = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseIpv6(match?.[1] ?? '');
  const prefixBits = Number(match?.[2]);
  return address && prefixBits <= 128 ? { family: 6, address, prefixBits } : undefined;
}

export function formatIpNet(net: IpNet): string {
  return net.family === 4 ? formatIpv4Net(net) : `${formatIpv6(net.address)}/${net.prefixBits}`;
}
