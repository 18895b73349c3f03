/**
 * Gives a NIC back what its bridge has: addresses and routes as they are now, and removes the bridge. The
 * reverse of the move of the first ADD, and as quick: one batch, in which nothing waits before the NIC has
 * everything. The lock is held.
 */
import type { PluginContext } from '../../cni/types.ts';
import type { NetlinkSocket } from '../../net/netlink/socket.ts';
import { MessageWriter } from '../../net/netlink/writer.ts';
import { copyAddress, hasPrefixRoute } from '../../net/rtnl/address.ts';
import { deleteLink, type Link, linkByName, listLinks, setLink } from '../../net/rtnl/link.ts';
import { copyRoute } from '../../net/rtnl/route.ts';
import { type Failure, failure } from '../../sys/failure.ts';
import {
  asOnNic,
  captureHostConfig,
  type HostConfig,
  mergeHostConfig,
  sameAddress,
  sameRoute,
} from '../../vnet/host-config.ts';
import { moveToNic } from '../../vnet/host-move.ts';
import { HOSTS_DIR, JOURNAL_DIR, readHostRecord } from '../../vnet/host-record.ts';
import type { BridgeToRemove } from './plan.ts';

/** Undefined when the NIC has everything and the bridge is gone. Can be repeated after a failure. */
export function giveBack(
  { sys, log }: PluginContext,
  route: NetlinkSocket,
  { bridge: name, nicMac }: BridgeToRemove,
): Failure | undefined {
  const nic = listLinks(route).find((link) => link.mac === nicMac && link.kind !== 'bridge');
  if (nic === undefined) {
    return failed(`the NIC with the MAC address ${nicMac} is gone, so ${name} cannot give it anything back`);
  }
  const found = linkByName(route, name);
  const bridge = found?.kind === 'bridge' ? found : undefined;
  const before = readHostRecord(sys, log, HOSTS_DIR, name)?.config;
  const interrupted = readHostRecord(sys, log, JOURNAL_DIR, name)?.config;
  const onNic = captureHostConfig(route, nic.index);
  const onBridge = bridge === undefined ? NOTHING : asOnNic(captureHostConfig(route, bridge.index), before);
  const present = mergeHostConfig(onNic, onBridge);
  // What the bridge has now is right, whatever the node had then: a lease may have been renewed since.
  const fallback = present.addresses.length === 0 ? before : undefined;
  const config = mergeHostConfig(interrupted ?? fallback ?? present, present);
  const refused = log.step('give addresses back', () =>
    bridge === undefined
      ? restore(route, nic, config)
      : moveToNic(route, nic, bridge, config, { deleteBridge: false }),
  );
  // Only with everything in place: deleting it takes whatever it still has.
  return refused ?? missing(route, nic, config) ?? (bridge === undefined ? undefined : remove(route, bridge));
}

/** For a bridge that somebody has deleted already. */
function restore(route: NetlinkSocket, nic: Link, config: HostConfig): Failure | undefined {
  const batch = new MessageWriter();
  setLink(batch, nic.index, { up: true });
  for (const address of config.addresses) {
    copyAddress(batch, address, nic.index, { prefixRoute: hasPrefixRoute(address) });
  }
  for (const each of config.routes) copyRoute(batch, each, nic.index);
  const refusal = route.execute(batch)[0];
  return (
    refusal && failed(`the kernel refused step ${refusal.index + 1} of giving ${nic.name} its addresses`)
  );
}

function missing(route: NetlinkSocket, nic: Link, wanted: HostConfig): Failure | undefined {
  const has = captureHostConfig(route, nic.index);
  const addresses = wanted.addresses.filter(
    (address) => !has.addresses.some((it) => sameAddress(it, address)),
  );
  const routes = wanted.routes.filter((each) => !has.routes.some((it) => sameRoute(it, each)));
  if (addresses.length + routes.length === 0) return undefined;
  return failed(`${nic.name} lacks ${addresses.length} addresses and ${routes.length} routes after the move`);
}

function remove(route: NetlinkSocket, bridge: Link): Failure | undefined {
  const batch = new MessageWriter();
  deleteLink(batch, bridge.name);
  const refusal = route.request(batch);
  return refusal === undefined || refusal === 'ENODEV'
    ? undefined
    : failed(`the kernel refused to delete ${bridge.name}: ${refusal}`);
}

function failed(message: string): Failure {
  return failure('NETWORK_SETUP', message);
}

const NOTHING: HostConfig = { addresses: [], routes: [] };
