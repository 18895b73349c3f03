/** Pools: the addresses of one subnet on one NIC, and which of them a call may use. */
import type { IpamConfig } from '../cni/types.ts';
import { type Cidr, cidrEquals, formatCidr, gatewayOf } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { OperationLog } from '../state/oplog.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { findNic, isStill, type LocalLinks, type Nic } from './nics.ts';
import type { SourceInterface } from './source.ts';

export interface Pool {
  readonly subnet: Cidr;
  readonly gateway: Ipv4;
  readonly nic: Nic;
  /** Of the primary NIC. */
  readonly isPrimary: boolean;
  /** Secondary addresses of the NIC, ascending. */
  readonly addresses: readonly Ipv4[];
}

/**
 * One pool per subnet of each interface that is a NIC of this machine, in the order of preference: the
 * primary NIC first, then by index. `previous` saves reading all links when the NICs are still the same.
 *
 * An answer without any interface of this machine is an error, one line: it is no better than none.
 */
export function poolsOf(
  interfaces: readonly SourceInterface[],
  local: LocalLinks,
  previous: readonly Pool[],
  log: OperationLog,
): Result<readonly Pool[], string> {
  if (interfaces.length === 0) return err('the answer names no interface');
  const nicOf = nicFinder(local, previous);
  const pools: Pool[] = [];
  const strangers: string[] = [];
  for (const { mac, isPrimary, subnets } of interfaces) {
    const nic = nicOf(mac);
    if (nic === undefined) strangers.push(mac);
    else
      pools.push(
        ...subnets.flatMap(({ subnet, addresses }) => poolOf({ subnet, nic, isPrimary, addresses })),
      );
  }
  if (strangers.length === interfaces.length) {
    const here = local.links().flatMap((link) => (link.loopback ? [] : (link.mac ?? [])));
    const [theirs, ours] = [strangers, here].map((macs) =>
      [...new Set(macs)].slice(0, MAX_LISTED).join(', '),
    );
    return err(`the answer is for interfaces with the MAC addresses ${theirs}; here are ${ours}`);
  }
  for (const mac of strangers) log.note('warn', `address source: no NIC here has the MAC address ${mac}`);
  return ok(pools.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.nic.index - b.nic.index));
}

/**
 * The pools that a configuration allows: of its subnet, and of its master interface.
 * Fails with NO_POOL, naming what was asked for and what there is.
 */
export function candidatePools(pools: readonly Pool[], config: IpamConfig): Result<readonly Pool[], Failure> {
  const { subnet, master } = config;
  const candidates = pools.filter(
    (pool) =>
      (subnet === undefined || cidrEquals(pool.subnet, subnet)) &&
      (master === undefined || pool.nic.name === master),
  );
  if (candidates.length > 0) return ok(candidates);
  const wanted = [
    'no pool',
    ...(subnet === undefined ? [] : [`of subnet ${formatCidr(subnet)}`]),
    ...(master === undefined ? [] : [`on master "${master}"`]),
  ].join(' ');
  const there = pools.map(describePool).join(', ') || 'none at all';
  return err(failure('NO_POOL', `No available address pools: ${wanted}; there is ${there}`));
}

export function describePool({ subnet, nic }: Pool): string {
  return `${formatCidr(subnet)} (${nic.name})`;
}

function poolOf(parts: Omit<Pool, 'gateway'>): Pool[] {
  const gateway = gatewayOf(parts.subnet);
  return gateway === undefined ? [] : [{ ...parts, gateway }];
}

function nicFinder(
  local: LocalLinks,
  previous: readonly Pool[],
): (mac: SourceInterface['mac']) => Nic | undefined {
  let all: ReturnType<LocalLinks['links']> | undefined;
  return (mac) => {
    const known = previous.find((pool) => pool.nic.mac === mac)?.nic;
    if (known !== undefined && isStill(known, local)) return known;
    all ??= local.links();
    return findNic(mac, all);
  };
}

const MAX_LISTED = 10;
