/** DEL for an endpoint whose record is lost. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { type Link, linkByIndex } from '../net/rtnl/link.ts';
import { podLinks } from './adopt.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { ipamOf, OWN_IPAM } from './ipam.ts';
import { addressOfHostVeth, hostVethName } from './names.ts';
import { readNetwork } from './network-record.ts';
import { unknownOwner } from './reinstate.ts';

/** The record of an endpoint that has none: its host veth tells by its MAC which address it has. */
export function recordOfLink(
  { sys, log }: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  link: Link,
  ipamType: string,
): EndpointRecord {
  const { containerId, ifname, netns } = request.env;
  const hostVeth = link.name;
  log.note('warn', `${hostVeth} has no record; it is removed by what its name and MAC tell`);
  const address = link.mac === undefined ? undefined : addressOfHostVeth(link.mac);
  const bridge = link.masterIndex === undefined ? undefined : linkByIndex(sockets.route, link.masterIndex);
  return {
    phase: 'ready',
    network: request.networkName,
    containerId,
    ifname,
    sandbox: netns,
    bridge: bridge?.name ?? '',
    hostVeth,
    addresses: address === undefined ? [] : [address],
    ipamType,
    sinceMs: sys.realtimeMs(),
  };
}

/**
 * The record of an endpoint whose link is gone as well: its lease tells which address it had. Undefined
 * when a pod that is there has the address, whose elements must stay.
 */
export function recordOfLease(
  { sys, log }: PluginContext,
  sockets: Sockets,
  { env, networkName }: CniRequest,
  leased: readonly Ipv4[],
  configuredBridge: string | undefined,
): EndpointRecord | undefined {
  const taken = podLinks(sockets.route).map(({ address }) => address);
  const addresses = leased.filter((address) => !taken.includes(address));
  if (addresses.length === 0) return undefined;
  log.note('warn', 'neither record nor link; what belongs to the address of the lease is removed');
  return {
    phase: 'adding',
    network: networkName,
    containerId: env.containerId,
    ifname: env.ifname,
    sandbox: env.netns,
    bridge: readNetwork(sys, log, networkName)?.bridge ?? configuredBridge ?? '',
    hostVeth: hostVethName(sys, networkName, env),
    addresses,
    ipamType: OWN_IPAM,
    sinceMs: sys.realtimeMs(),
  };
}

/** The lease that was reinstated for this pod while nobody knew whose it was. */
export function releaseUnknown(context: PluginContext, request: CniRequest, record: EndpointRecord): void {
  const env = { ...request.env, ...unknownOwner(record.hostVeth) };
  const released = ipamOf(context, { ...request, env }, OWN_IPAM, undefined).del();
  if (!released.ok) context.log.note('warn', released.error.message);
}
