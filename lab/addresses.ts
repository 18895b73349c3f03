/** Which addresses and MAC a NIC gets: as Azure assigns them dynamically, the next free one each. */
import {
  type Cidr,
  cidrContains,
  cidrEquals,
  cidrSize,
  formatCidr,
  gatewayOf,
  parseCidr,
} from '../src/net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4, parseIpv4 } from '../src/net/ipv4.ts';
import { parseMac } from '../src/net/mac.ts';
import { LabError } from './error.ts';
import type { LabState, NicState } from './model.ts';

export interface NicOptions {
  /** Subnet of the NIC; the lab's when absent. Subnets must be private and not overlap. */
  readonly subnet?: string;
  /** The address that the VM itself has; the next free one when absent. */
  readonly primary?: string;
  /** The ipconfigs for pods: a count, or the addresses themselves. @default {8} */
  readonly secondaries?: number | readonly string[];
  /** @default {00:0d:3a and three bytes of the address} */
  readonly mac?: string;
  /** @default {1500} */
  readonly mtu?: number;
}

/** Plans one NIC; `others` are those of the same VM that are planned but not in the state yet. */
export function planNic(
  state: LabState,
  others: readonly NicState[],
  vmName: string,
  options: NicOptions,
): NicState {
  const existing = [...state.vms.flatMap((vm) => vm.nics), ...others];
  const subnet = checkedSubnet(options.subnet ?? state.subnet, existing);
  const used = usedAddresses(existing);
  const primary = options.primary === undefined ? take(subnet, used) : claim(options.primary, subnet, used);
  const wanted = options.secondaries ?? DEFAULT_SECONDARIES;
  const secondaries =
    typeof wanted === 'number'
      ? Array.from({ length: wanted }, () => take(subnet, used))
      : wanted.map((text) => claim(text, subnet, used));
  const name = `eth${others.length}`;
  const mac = checkedMac(options.mac ?? macFor(primary), existing);
  const mtu = options.mtu ?? 1500;
  if (!Number.isInteger(mtu) || mtu < MIN_MTU || mtu > MAX_MTU) {
    throw new LabError(`The MTU ${mtu} is not a whole number from ${MIN_MTU} to ${MAX_MTU}.`);
  }
  const addresses = { primary: formatIpv4(primary), secondaries: secondaries.map(formatIpv4) };
  return { name, port: `${vmName}-${name}`, mac, mtu, subnet: formatCidr(subnet), ...addresses };
}

/** The addresses to add to a NIC: the next free ones, or those that were named. */
export function planIpconfigs(state: LabState, nic: NicState, wanted: number | readonly string[]): string[] {
  const subnet = checkedSubnet(nic.subnet, []);
  const used = usedAddresses(state.vms.flatMap((vm) => vm.nics));
  const addresses =
    typeof wanted === 'number'
      ? Array.from({ length: wanted }, () => take(subnet, used))
      : wanted.map((text) => claim(text, subnet, used));
  return addresses.map(formatIpv4);
}

/** The gateway of a subnet as text: Azure's is always the first host address. */
export function gatewayText(subnetText: string): string {
  const subnet = parseCidr(subnetText);
  const gateway = subnet === undefined ? undefined : gatewayOf(subnet);
  if (gateway === undefined) throw new LabError(`The subnet "${subnetText}" has no gateway address.`);
  return formatIpv4(gateway);
}

export function prefixBitsOf(subnetText: string): number {
  return checkedSubnet(subnetText, []).prefixBits;
}

/** The block of private addresses that the subnet is of: what the VNet is to a VM that is told nothing else. */
export function privateBlock(subnetText: string): string {
  const block = blockOf(checkedSubnet(subnetText, []));
  if (block === undefined) throw new Error(`Internal error: ${subnetText} is in no private block`);
  return formatCidr(block);
}

function blockOf(subnet: Cidr): Cidr | undefined {
  return PRIVATE_BLOCKS.find(
    (block) => cidrContains(block, subnet.base) && block.prefixBits <= subnet.prefixBits,
  );
}

function checkedSubnet(text: string, existing: readonly NicState[]): Cidr {
  const subnet = parseCidr(text);
  if (subnet === undefined || blockOf(subnet) === undefined || !isUsualPrefix(subnet.prefixBits)) {
    throw new LabError(
      `The subnet "${text}" is not a private network (RFC 1918) with a prefix of /9 to /29.`,
    );
  }
  for (const nic of existing) {
    const other = parseCidr(nic.subnet);
    if (other === undefined || cidrEquals(subnet, other)) continue;
    if (cidrContains(other, subnet.base) || cidrContains(subnet, other.base)) {
      throw new LabError(`The subnet ${text} overlaps ${nic.subnet} of ${nic.port}.`);
    }
  }
  return subnet;
}

/** Azure's smallest subnet is a /29; a /8 would leave no room for a second one. */
function isUsualPrefix(prefixBits: number): boolean {
  return prefixBits >= 9 && prefixBits <= 29;
}

function usedAddresses(nics: readonly NicState[]): Set<string> {
  return new Set(nics.flatMap((nic) => [nic.primary, ...nic.secondaries]));
}

/** The next free address, past the first four and before the last, which Azure keeps for itself. */
function take(subnet: Cidr, used: Set<string>): Ipv4 {
  for (let host = FIRST_HOST; host < cidrSize(subnet) - 1; host++) {
    const address = offsetIpv4(subnet.base, host);
    if (address !== undefined && !used.has(formatIpv4(address))) {
      used.add(formatIpv4(address));
      return address;
    }
  }
  throw new LabError(`The subnet ${formatCidr(subnet)} has no free address left.`);
}

function claim(text: string, subnet: Cidr, used: Set<string>): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new LabError(`"${text}" is not an IPv4 address.`);
  const host = address - subnet.base;
  if (!cidrContains(subnet, address) || host < FIRST_HOST || host >= cidrSize(subnet) - 1) {
    throw new LabError(
      `${text} cannot be assigned in ${formatCidr(subnet)}: Azure keeps the first four and the last.`,
    );
  }
  if (used.has(text)) throw new LabError(`${text} is an ipconfig of another NIC already.`);
  used.add(text);
  return address;
}

function checkedMac(text: string, existing: readonly NicState[]): string {
  const mac = parseMac(text);
  if (mac === undefined || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    throw new LabError(`"${text}" is not a unicast MAC address.`);
  }
  const owner = existing.find((nic) => nic.mac === mac);
  if (owner !== undefined) throw new LabError(`The MAC ${mac} is that of ${owner.port} already.`);
  return mac;
}

/** A MAC of Microsoft's prefix that tells the address: 10.240.0.4 → 00:0d:3a:f0:00:04. */
function macFor(primary: Ipv4): string {
  const bytes = [(primary >>> 16) & 255, (primary >>> 8) & 255, primary & 255];
  return ['00:0d:3a', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** RFC 1918 §3 */
const PRIVATE_BLOCKS: readonly Cidr[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].flatMap(
  (text) => parseCidr(text) ?? [],
);
const FIRST_HOST = 4;
const DEFAULT_SECONDARIES = 8;
const MIN_MTU = 576;
const MAX_MTU = 65_521;
