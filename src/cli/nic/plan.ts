/**
 * Which ipconfigs a NIC needs so that each pod finds an address: the primary one, which is the VM's own, and one
 * more per pod. Pure; the limits are Azure's.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
 */
import { type Cidr, cidrContains, cidrSize, formatCidr } from '../../net/cidr.ts';
import { formatIpv4, type Ipv4, offsetIpv4 } from '../../net/ipv4.ts';
import { err, ok, type Result } from '../../sys/result.ts';

/** Private addresses of one NIC, the primary one included. */
export const MAX_ADDRESSES_PER_NIC = 256;
/** What Azure documents for one VM. A NIC has room for five more. */
export const MAX_PODS = 250;
/** As many pods as kubelet starts with this network when nobody says otherwise. */
export const DEFAULT_COUNT = 30;

/** Azure keeps network, gateway, two for DNS, and the last one: */
const RESERVED_AT_START = 4;
const RESERVED = RESERVED_AT_START + 1;
const MAX_SUBNET_BITS = 29;

export interface Wanted {
  readonly nic: string;
  readonly resourceGroup: string;
  /** Secondary ipconfigs. */
  readonly count: number;
  /** The first of consecutive static addresses; Azure chooses when absent. */
  readonly start?: Ipv4;
  /** Of the NIC; what can only be checked with it is not checked when absent. */
  readonly subnet?: Cidr;
}

export interface Ipconfig {
  readonly name: string;
  /** Static when present. */
  readonly address?: string;
}

export interface NicPlan {
  readonly nic: string;
  readonly resourceGroup: string;
  readonly secondaries: readonly Ipconfig[];
  readonly remarks: readonly string[];
}

export const PRIMARY = 'ipconfig1';

/** An error is one line that names the value and the limit. */
export function planNic(wanted: Wanted): Result<NicPlan, string> {
  const { nic, resourceGroup, count, start, subnet } = wanted;
  const problem = countProblem(wanted) ?? startProblem(wanted);
  if (problem !== undefined) return err(problem);
  const secondaries = Array.from({ length: count }, (_, index): Ipconfig => {
    const name = `ipconfig${index + 2}`;
    const address = start === undefined ? undefined : offsetIpv4(start, index);
    return address === undefined ? { name } : { name, address: formatIpv4(address) };
  });
  const remarks = [
    ...(count > MAX_PODS
      ? [`Azure supports ${MAX_PODS} pods on a VM; ${count - MAX_PODS} addresses are spare.`]
      : []),
    ...(subnet === undefined ? ['Not checked: whether the subnet holds them; --subnet CIDR does.'] : []),
  ];
  return ok({ nic, resourceGroup, secondaries, remarks });
}

function countProblem({ count, subnet }: Wanted): string | undefined {
  const most = MAX_ADDRESSES_PER_NIC - 1;
  if (count > most) {
    return `--count ${count} is more than a NIC takes: ${MAX_ADDRESSES_PER_NIC} addresses, one of them the VM's own, so ${most} at most`;
  }
  if (subnet === undefined) return undefined;
  const text = formatCidr(subnet);
  if (subnet.prefixBits > MAX_SUBNET_BITS)
    return `--subnet ${text}: Azure has no subnet smaller than /${MAX_SUBNET_BITS}`;
  const usable = cidrSize(subnet) - RESERVED;
  if (count + 1 <= usable) return undefined;
  return `--count ${count} is more than ${text} holds: ${usable} addresses beside the ${RESERVED} that Azure keeps, one of them the VM's own, so ${usable - 1} at most`;
}

function startProblem({ count, start, subnet }: Wanted): string | undefined {
  if (start === undefined) return undefined;
  const last = offsetIpv4(start, count - 1);
  const range = `${count} addresses from ${formatIpv4(start)}`;
  if (last === undefined) return `--start: ${range} go beyond 255.255.255.255`;
  if (subnet === undefined) return undefined;
  const text = formatCidr(subnet);
  const first = offsetIpv4(subnet.base, RESERVED_AT_START) ?? subnet.base;
  const highest = offsetIpv4(subnet.base, cidrSize(subnet) - 2) ?? subnet.base;
  const usable = `usable are ${formatIpv4(first)} to ${formatIpv4(highest)}`;
  if (!cidrContains(subnet, start)) return `--start ${formatIpv4(start)} is not in ${text}; ${usable}`;
  if (start < first) return `--start ${formatIpv4(start)} is kept by Azure in ${text}; ${usable}`;
  return last > highest
    ? `--start: ${range} end at ${formatIpv4(last)}, outside ${text}; ${usable}`
    : undefined;
}
