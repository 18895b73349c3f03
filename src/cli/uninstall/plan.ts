/** What uninstall does, as values: what it removes of containers, whose place it gives back, which files go. */
import { formatIpv4Net } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { MacAddress } from '../../net/mac.ts';
import type { Remains } from '../gc/remains.ts';
import type { NodeFacts } from '../node/facts.ts';
import { ownerText } from '../node/names.ts';

/** A bridge that took the place of a NIC. */
export interface BridgeToRemove {
  readonly bridge: string;
  readonly nicMac: MacAddress;
  /** Addresses that the NIC gets back, for people. */
  readonly addresses: readonly string[];
}

export interface UninstallPlan {
  /** Containers that would lose their network, one line each: they need `--force`. */
  readonly inTheWay: readonly string[];
  readonly remains: readonly Remains[];
  readonly bridges: readonly BridgeToRemove[];
  readonly files: readonly string[];
}

export function planUninstall(facts: NodeFacts, files: readonly string[]): UninstallPlan {
  const why = 'uninstall';
  const bridgeOf = (masterIndex: number | undefined) =>
    facts.bridges.find(({ link }) => link.index === masterIndex)?.link.name ?? '';
  const endpoints = [...facts.endpoints].sort(
    (a, b) => (a.record.addresses[0] ?? 0) - (b.record.addresses[0] ?? 0),
  );
  const records = [...endpoints.map(({ record }) => record), ...facts.pending];
  const loose = facts.leases.filter(
    (lease) =>
      !records.some(
        ({ containerId, ifname }) => containerId === lease.containerId && ifname === lease.ifname,
      ),
  );
  const remains: Remains[] = [
    ...endpoints.map(({ record }): Remains => ({ kind: 'endpoint', record, why })),
    ...facts.pending.map((record): Remains => ({ kind: 'deletion', record, why })),
    ...facts.strayLinks.map(
      (link): Remains => ({ kind: 'link', link, bridge: bridgeOf(link.masterIndex), why }),
    ),
    ...loose.map((lease): Remains => ({ kind: 'lease', lease, why })),
  ];
  const inTheWay = [
    ...endpoints.map(
      ({ record }) => `${record.addresses.map(formatIpv4).join(', ')} of ${ownerText(record)}`,
    ),
    ...facts.strayLinks.map(
      ({ name, address }) => `${formatIpv4(address)} of a pod without a record (${name})`,
    ),
    ...loose.map(
      (lease) => `${formatIpv4(lease.address)} of ${ownerText(lease)} in network ${lease.network}`,
    ),
  ];
  return { inTheWay, remains, bridges: bridgesOf(facts), files };
}

function bridgesOf({ networks, hosts }: NodeFacts): BridgeToRemove[] {
  const found = new Map<string, BridgeToRemove>();
  for (const { bridge, nicMac, addresses } of hosts) {
    found.set(bridge, { bridge, nicMac, addresses: addresses.map(formatIpv4Net) });
  }
  for (const { record, bridgeAddresses } of networks) {
    const { bridge, nicMac } = record;
    const present = bridgeAddresses.map(formatIpv4Net);
    const addresses = present.length > 0 ? present : (found.get(bridge)?.addresses ?? []);
    found.set(bridge, { bridge, nicMac, addresses });
  }
  return [...found.values()];
}
