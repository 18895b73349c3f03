/**
 * What an address source says: the NICs of this VM, their subnets, and the ipconfigs of each. Both sources
 * have the same shape; here it is turned into types, and what cannot be used is left out with a note.
 */
import { type Cidr, cidrContains, formatCidr, networkOf, parseIpv4Net } from '../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { type MacAddress, parseMac } from '../net/mac.ts';
import type { OperationLog } from '../state/oplog.ts';
import type { Result } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';

/** Largest answer that is read: some ten thousand addresses. Azure gives a NIC 256. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** As it was read, all leaves text. */
export interface RawInterface {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly subnets: readonly {
    readonly prefix: string;
    readonly addresses: readonly { readonly address: string; readonly isPrimary: boolean }[];
  }[];
}

export interface AddressSource {
  /** URL or path: names the source in messages and keys its cache. */
  readonly name: string;
  /** Asks the source; the error is one line. */
  fetch(sys: Sys): Result<readonly RawInterface[], string>;
}

export interface SourceInterface {
  /** `*`: whichever NIC there is. */
  readonly mac: MacAddress | '*';
  readonly isPrimary: boolean;
  readonly subnets: readonly SourceSubnet[];
}

export interface SourceSubnet {
  readonly subnet: Cidr;
  /** Secondary addresses, ascending, each once. The primary ones belong to the host. */
  readonly addresses: readonly Ipv4[];
}

/** The usable part of an answer; notes what is left out. */
export function readInterfaces(raw: readonly RawInterface[], log: OperationLog): SourceInterface[] {
  return raw.flatMap(({ mac: macText, isPrimary, subnets }) => {
    const mac = macText === '*' ? '*' : parseMac(macText);
    if (mac === undefined) {
      log.note('warn', `address source: interface with MAC address "${macText}" left out`);
      return [];
    }
    return [{ mac, isPrimary, subnets: readSubnets(subnets, log) }];
  });
}

function readSubnets(raw: RawInterface['subnets'], log: OperationLog): SourceSubnet[] {
  const found = new Map<string, { readonly subnet: Cidr; readonly addresses: Set<Ipv4> }>();
  for (const { prefix, addresses } of raw) {
    const net = parseIpv4Net(prefix);
    // Azure's smallest subnet is a /29; below /30 there is no gateway.
    if (net === undefined || net.prefixBits > 30) {
      log.note('warn', `address source: subnet "${prefix}" left out: no IPv4 subnet of at most /30`);
      continue;
    }
    const subnet = networkOf(net);
    const entry = found.get(formatCidr(subnet)) ?? { subnet, addresses: new Set() };
    found.set(formatCidr(subnet), entry);
    for (const { address, isPrimary } of addresses) {
      if (!isPrimary) addSecondary(entry, address, log);
    }
  }
  return [...found.values()].map(({ subnet, addresses }) => ({
    subnet,
    addresses: [...addresses].sort((a, b) => a - b),
  }));
}

function addSecondary(
  { subnet, addresses }: { readonly subnet: Cidr; readonly addresses: Set<Ipv4> },
  text: string,
  log: OperationLog,
): void {
  const address = parseIpv4(text);
  const why =
    address === undefined
      ? 'no IPv4 address'
      : !cidrContains(subnet, address)
        ? `not in ${formatCidr(subnet)}`
        : addresses.has(address)
          ? 'there twice'
          : undefined;
  if (why !== undefined || address === undefined) {
    log.note('warn', `address source: address "${text}" left out: ${why}`);
    return;
  }
  addresses.add(address);
}
