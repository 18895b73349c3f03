/** What every call that changes something begins with. */
import type { NetworkConfig, PluginContext } from '../cni/types.ts';
import type { Sockets } from './host-links.ts';
import { rebuildNetwork } from './network.ts';
import type { ReadyNetwork } from './network-build.ts';
import { readyNetwork } from './network-current.ts';
import { readNetwork } from './network-record.ts';

/**
 * The network of this name as it was recorded, else as it is after it was built again by the record;
 * undefined without a record, and when that failed. Every call that changes something begins so: a node that
 * lost its bridge must not wait for an ADD, nor ADD for an address source that it cannot reach.
 */
export function standingNetwork(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
): ReadyNetwork | undefined {
  const record = readNetwork(context.sys, context.log, config.name);
  if (record === undefined) return undefined;
  const { bridge, viaHost } = record;
  return (
    readyNetwork(context, sockets, record) ??
    rebuildNetwork(context, sockets, { ...config, bridge, ipsToRouteViaHost: viaHost }, record)
  );
}
