/**
 * The dangerous step: the bridge takes the place of the NIC. A crash in between would take the node
 * off the network, so what the NIC had is on disk first, and every step can be done again.
 *
 *   before   eth0 10.240.0.4/16 ─ routes            fabric ── eth0
 *   after    azure0 10.240.0.4/16 ─ routes          fabric ── eth0 ══ azure0 ══ azv… ── pods
 *
 * Order: addresses on the bridge (no prefix routes) → the NIC becomes a port, without going down → the bridge runs →
 * routes replaced by those of the bridge → addresses off the NIC, with which the kernel would drop the
 * routes. At any time an address is there and a route leads to the VNet; what is lost are frames that
 * arrive in the 50 µs between the kernel's taking the NIC into the bridge and its port's forwarding.
 */

import type { NetlinkSocket, Refusal } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import { copyAddress, deleteAddress, hasPrefixRoute } from '../net/rtnl/address.ts';
import { askLink, deleteLink, type Link, setLink } from '../net/rtnl/link.ts';
import { copyRoute, deleteRoute } from '../net/rtnl/route.ts';
import { type Failure, failure } from '../sys/failure.ts';
import {
  captureHostConfig,
  comesWithAddress,
  type HostConfig,
  sameAddress,
  sameRoute,
} from './host-config.ts';

/** Moves what the NIC has to the bridge. Repeating it after a crash at any point completes it. */
export function moveToBridge(
  socket: NetlinkSocket,
  nic: Link,
  bridge: Link,
  config: HostConfig,
): Failure | undefined {
  const batch = new MessageWriter();
  // Forever: nobody renews the lease of an address on the bridge, and Azure does not take it from the NIC.
  const onBridge = { prefixRoute: false, forever: true };
  for (const address of config.addresses) copyAddress(batch, address, bridge.index, onBridge);
  setLink(batch, nic.index, { masterIndex: bridge.index });
  // The bridge has a carrier from here on. Before the kernel has come to that, it would drop what the routes lead
  // there; a lost question for the gateway's MAC costs the node a second.
  askLink(batch, bridge.index);
  // Each takes the place of the NIC's: same destination, table and priority.
  for (const route of config.routes) copyRoute(batch, route, bridge.index);
  const firstDelete = batch.count;
  // Secondary addresses first: the kernel drops them together with their primary.
  for (const address of [...config.addresses].reverse()) deleteAddress(batch, address, nic.index);
  const refusals = socket.execute(batch).filter((refusal) => !isGone(refusal, firstDelete, batch.count));
  return firstRefusal(refusals, 'moving') ?? verify(socket, nic, bridge, config);
}

/** Gives the NIC back what it had, takes it out of the bridge and, when asked, deletes the bridge. */
export function moveToNic(
  socket: NetlinkSocket,
  nic: Link,
  bridge: Link,
  config: HostConfig,
  options: { readonly deleteBridge: boolean },
): Failure | undefined {
  const batch = new MessageWriter();
  setLink(batch, nic.index, { masterIndex: 0, up: true });
  for (const address of config.addresses) {
    copyAddress(batch, address, nic.index, { prefixRoute: hasPrefixRoute(address) });
  }
  const firstDelete = batch.count;
  for (const address of [...config.addresses].reverse()) deleteAddress(batch, address, bridge.index);
  // Those of IPv6 do not go with the addresses.
  for (const route of config.routes) deleteRoute(batch, route, bridge.index);
  const firstRoute = batch.count;
  for (const route of config.routes) {
    if (!comesWithAddress(route, config.addresses)) copyRoute(batch, route, nic.index);
  }
  if (options.deleteBridge) deleteLink(batch, bridge.name);
  const refusals = socket.execute(batch).filter((refusal) => !isGone(refusal, firstDelete, firstRoute));
  return firstRefusal(refusals, 'moving back');
}

/** A delete of what is not there: this step had been done before. */
function isGone(refusal: Refusal, firstDelete: number, endOfDeletes: number): boolean {
  return (
    refusal.index >= firstDelete &&
    refusal.index < endOfDeletes &&
    ['EADDRNOTAVAIL', 'ENOENT', 'ESRCH'].includes(refusal.errno)
  );
}

function firstRefusal(refusals: readonly Refusal[], what: string): Failure | undefined {
  const refusal = refusals[0];
  return refusal === undefined
    ? undefined
    : failure(
        'NETWORK_SETUP',
        `The kernel refused step ${refusal.index + 1} of ${what} the host's addresses: ${refusal.errno}`,
      );
}

/** Reads back that the bridge has every address and route, and the NIC none of the addresses. */
function verify(socket: NetlinkSocket, nic: Link, bridge: Link, wanted: HostConfig): Failure | undefined {
  const onBridge = captureHostConfig(socket, bridge.index);
  const onNic = captureHostConfig(socket, nic.index);
  const lost = wanted.addresses.filter(
    (address) => !onBridge.addresses.some((other) => sameAddress(address, other)),
  );
  const lostRoutes = wanted.routes.filter(
    (route) => !onBridge.routes.some((other) => sameRoute(route, other)),
  );
  if (lost.length === 0 && lostRoutes.length === 0 && onNic.addresses.length === 0) return undefined;
  return failure(
    'NETWORK_SETUP',
    `The host's addresses did not arrive on ${bridge.name}: ${lost.length} of ${wanted.addresses.length} addresses and ` +
      `${lostRoutes.length} of ${wanted.routes.length} routes are missing, ${onNic.addresses.length} addresses are still on ${nic.name}`,
  );
}
