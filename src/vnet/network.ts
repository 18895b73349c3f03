/**
 * The network of a conflist: a bridge whose uplink is the master interface, with the node's addresses.
 * The usual call finds it as it should be and changes nothing; any other state is brought there,
 * under the lock, whatever an earlier call, a crash or a person left behind.
 */
import type { NetworkConfig, PluginContext } from '../cni/types.ts';
import type { Cidr } from '../net/cidr.ts';
import { linkByIndex } from '../net/rtnl/link.ts';
import { withLock } from '../state/lock.ts';
import type { Failure } from '../sys/failure.ts';
import { ok, type Result } from '../sys/result.ts';
import { captureHostConfig, mergeHostConfig } from './host-config.ts';
import { readHostLinks, type Sockets } from './host-links.ts';
import { moveToBridge } from './host-move.ts';
import { hasInterruptedMoves, JOURNAL_DIR, listHostRecords, removeHostRecord } from './host-record.ts';
import { buildNetwork, type ReadyNetwork } from './network-build.ts';
import { isFor, readyNetwork } from './network-current.ts';
import { type NetworkRecord, readNetwork } from './network-record.ts';

/**
 * The network for a call that did not find it ready. Of many such calls one builds it; the others have waited
 * for the lock meanwhile and find it done.
 */
export function joinNetwork(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  subnet: Cidr,
): Result<ReadyNetwork, Failure> {
  return locked(context, () => {
    const record = readNetwork(context.sys, context.log, config.name);
    const ready = record && readyNetwork(context, sockets, record);
    return ready !== undefined && isFor(ready, config, subnet)
      ? ok(ready)
      : buildNetwork(context, sockets, config, subnet);
  });
}

/** Builds, adopts or repairs the network, also one that looks ready. The lock is held; nothing in here waits. */
export function ensureNetwork(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  subnet: Cidr,
): Result<ReadyNetwork, Failure> {
  return locked(context, () => buildNetwork(context, sockets, config, subnet));
}

function locked(
  context: PluginContext,
  work: () => Result<ReadyNetwork, Failure>,
): Result<ReadyNetwork, Failure> {
  const done = withLock(context, () => context.log.step('network', work));
  return done.ok ? done.value : done;
}

/** Builds a network again as it was recorded; undefined, with a note, when that fails. */
export function rebuildNetwork(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  { nicIndex, nicMac, subnet }: NetworkRecord,
): ReadyNetwork | undefined {
  context.log.note('warn', `network ${config.name} is not as it was recorded, and is built again`);
  // By the name that the NIC has now.
  const nic = linkByIndex(sockets.route, nicIndex);
  const master = nic?.mac === nicMac ? { master: nic.name } : {};
  const built = joinNetwork(context, sockets, { ...config, ...master }, subnet);
  if (built.ok) return built.value;
  context.log.note('error', built.error.message);
  return undefined;
}

/**
 * Completes moves of the host's addresses that were interrupted: for the calls that do not need a
 * network themselves. With nothing interrupted this is one look at a directory.
 */
export function finishMoves(context: PluginContext, sockets: Sockets): void {
  const { sys, log } = context;
  if (!hasInterruptedMoves(sys)) return;
  const done = withLock(context, () => {
    for (const host of listHostRecords(sys, log, JOURNAL_DIR)) {
      const links = readHostLinks(sockets.route).links;
      const nic = links.find((link) => link.mac === host.nicMac && link.kind !== 'bridge');
      const bridge = links.find((link) => link.name === host.bridge && link.kind === 'bridge');
      log.note('warn', `completing the interrupted move of the addresses of ${host.nic} to ${host.bridge}`);
      // Without its bridge nothing can be completed; the next ADD builds it with these addresses.
      if (nic === undefined || bridge === undefined) continue;
      const config = mergeHostConfig(host.config, captureHostConfig(sockets.route, bridge.index));
      const failed = moveToBridge(sockets.route, nic, bridge, config);
      if (failed === undefined) removeHostRecord(sys, JOURNAL_DIR, host.bridge);
      else log.note('error', failed.message);
    }
  });
  if (!done.ok) log.note('error', done.error.message);
}
