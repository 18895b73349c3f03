/**
 * Pods that are there: from the records, and from the kernel when records are lost. The MAC of a host
 * veth tells the pod's address, so even a pod without a record keeps its rules.
 */
import type { PluginContext } from '../cni/types.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { NetlinkSocket } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import { type Link, listLinks, setHairpin, setLink } from '../net/rtnl/link.ts';
import { setNeighbour } from '../net/rtnl/neighbour.ts';
import { listEndpoints, PENDING_DIR } from './endpoint-record.ts';
import { addressOfHostVeth, HOST_VETH_PREFIX, podMac } from './names.ts';

export interface PodLink {
  readonly link: Link;
  readonly address: Ipv4;
}

/** The host ends of pods: our name and our kind of MAC. */
export function podLinks(route: NetlinkSocket): PodLink[] {
  return listLinks(route).flatMap((link) => {
    const ours = link.kind === 'veth' && link.name.startsWith(HOST_VETH_PREFIX) && link.mac !== undefined;
    const address = ours && link.mac !== undefined ? addressOfHostVeth(link.mac) : undefined;
    return address === undefined ? [] : [{ link, address }];
  });
}

/** Addresses of the pods of a bridge, from records and from its ports. */
export function podAddresses(context: PluginContext, route: NetlinkSocket, bridge: Link): Ipv4[] {
  const recorded = listEndpoints(context.sys, context.log)
    .filter((endpoint) => endpoint.bridge === bridge.name && endpoint.phase === 'ready')
    .flatMap((endpoint) => endpoint.addresses);
  // A pod that is being deleted is there until its link is gone, but off the network.
  const leaving = listEndpoints(context.sys, context.log, PENDING_DIR).map(({ hostVeth }) => hostVeth);
  const ports = podLinks(route)
    .filter(({ link }) => link.masterIndex === bridge.index && !leaving.includes(link.name))
    .map(({ address }) => address);
  return [...new Set([...recorded, ...ports])];
}

/**
 * Makes the recorded pods ports of the bridge again, after somebody deleted and we rebuilt it, and restores
 * the neighbour entries, which go already when the bridge is taken down.
 */
export function reattachPods(context: PluginContext, route: NetlinkSocket, bridge: Link): void {
  const recorded = listEndpoints(context.sys, context.log).filter(
    (endpoint) => endpoint.bridge === bridge.name && endpoint.phase === 'ready',
  );
  const lost = podLinks(route).filter(
    ({ link }) =>
      link.masterIndex === undefined && recorded.some((endpoint) => endpoint.hostVeth === link.name),
  );
  const batch = new MessageWriter();
  for (const { link } of lost) {
    setLink(batch, link.index, { masterIndex: bridge.index, up: true });
    setHairpin(batch, link.name, true);
  }
  for (const address of podAddresses(context, route, bridge)) {
    setNeighbour(batch, bridge.index, address, podMac(address));
  }
  for (const refusal of route.execute(batch)) {
    context.log.note(
      'warn',
      `re-attaching pods to ${bridge.name}: step ${refusal.index + 1} was refused with ${refusal.errno}`,
    );
  }
}
