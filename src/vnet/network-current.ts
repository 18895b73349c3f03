/** What the usual call finds: the network as it was recorded, and no move of addresses under way. */
import type { NetworkConfig, PluginContext } from '../cni/types.ts';
import { type Cidr, cidrEquals } from '../net/cidr.ts';
import { linkByIndex, linkByName } from '../net/rtnl/link.ts';
import type { Sockets } from './host-links.ts';
import { JOURNAL_DIR, readHostRecord } from './host-record.ts';
import { rulesPresent } from './l2-rules.ts';
import type { ReadyNetwork } from './network-build.ts';
import type { NetworkRecord } from './network-record.ts';

/** True when it is the network that a call with this configuration wants, for this subnet. */
export function isFor({ record }: ReadyNetwork, config: NetworkConfig, subnet: Cidr): boolean {
  return cidrEquals(record.subnet, subnet) && record.viaHost.join() === config.ipsToRouteViaHost.join();
}

/**
 * The network when it is as recorded: no move under way, bridge there and up, the NIC its port, every rule.
 * One look at a file and four questions to the kernel; no lock.
 */
export function readyNetwork(
  context: PluginContext,
  sockets: Sockets,
  record: NetworkRecord,
): ReadyNetwork | undefined {
  if (readHostRecord(context.sys, context.log, JOURNAL_DIR, record.bridge) !== undefined) return undefined;
  const bridge = linkByName(sockets.route, record.bridge);
  const nic = linkByIndex(sockets.route, record.nicIndex);
  if (bridge?.kind !== 'bridge' || !bridge.up || bridge.mac !== record.nicMac) return undefined;
  const connected = nic?.masterIndex === bridge.index && nic.mac === record.nicMac && nic.name === record.nic;
  return connected && rulesPresent(sockets.netfilter, record) ? { record, bridge, mtu: nic.mtu } : undefined;
}
