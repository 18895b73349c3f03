/**
 * Leases that are lost while their pods live on: somebody emptied /run, or a file was damaged. The kernel
 * still knows the pods by their links, so their addresses are leased again before any is given out.
 */
import { lookup } from '../cni/json.ts';
import type { Attachment, CniRequest, PluginContext } from '../cni/types.ts';
import { Leases } from '../ipam/leases.ts';
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import { podLinks } from './adopt.ts';
import { listEndpoints, PENDING_DIR } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { ipamOf, OWN_IPAM } from './ipam.ts';
import type { NetworkRecord } from './network-record.ts';

/** Interface name of a lease whose container nobody knows; the container is the host veth's name. */
const UNKNOWN_IFNAME = 'unknown';

/** The owner of a pod's lease when only its host veth is left to tell. */
export function unknownOwner(hostVeth: string): Attachment {
  return { containerId: hostVeth, ifname: UNKNOWN_IFNAME };
}

/**
 * Leases the addresses of all pods of this network that are there; a lease that exists stays as it is.
 * Reads every link and record: for the rare call that has reason to.
 */
export function reinstateLeases(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  network: NetworkRecord | undefined,
): void {
  const { sys, log } = context;
  const links = podLinks(sockets.route);
  if (links.length === 0) return;
  const endpoints = listEndpoints(sys, log);
  const leaving = new Set(listEndpoints(sys, log, PENDING_DIR).map(({ hostVeth }) => hostVeth));
  const leases = new Leases(sys);
  for (const { link, address } of links) {
    if (leaving.has(link.name) || leases.stateOf(address) === 'leased') continue;
    const record = endpoints.find((endpoint) => endpoint.hostVeth === link.name);
    const elsewhere = record !== undefined && record.network !== request.networkName;
    if (elsewhere || (record !== undefined && record.phase !== 'ready')) continue;
    lease(context, request, network, record ?? unknownOwner(link.name), address);
  }
}

function lease(
  context: PluginContext,
  request: CniRequest,
  network: NetworkRecord | undefined,
  owner: Attachment,
  address: Ipv4,
): void {
  const { containerId, ifname } = owner;
  const ips = [formatIpv4(address)];
  const runtimeConfig = { ...Object(lookup(request.config, 'runtimeConfig') ?? {}), ips };
  const target: CniRequest = {
    ...request,
    env: { ...request.env, containerId, ifname, args: {} },
    config: { ...request.config, runtimeConfig },
  };
  const leased = ipamOf(context, target, OWN_IPAM, network).add();
  if (leased.ok)
    context.log.note(
      'warn',
      `${formatIpv4(address)} belongs to a pod whose lease was lost; it is leased to ${containerId} again`,
    );
  else
    context.log.note(
      'info',
      `${formatIpv4(address)} of ${containerId} needs no new lease: ${leased.error.message}`,
    );
}
