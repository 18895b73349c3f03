/** What can be left of containers: the things that gc and uninstall remove, one by one, by the code of DEL. */
import type { PluginContext } from '../../cni/types.ts';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.ts';
import { type Failure, failureOf } from '../../sys/failure.ts';
import { unreachable } from '../../sys/result.ts';
import { completeDel, completePending } from '../../vnet/complete-del.ts';
import { deleteVeth, disconnectEndpoint } from '../../vnet/endpoint.ts';
import type { EndpointRecord } from '../../vnet/endpoint-record.ts';
import type { Sockets } from '../../vnet/host-links.ts';
import { ipamOf, OWN_IPAM } from '../../vnet/ipam.ts';
import { removePodElements } from '../../vnet/l2-rules.ts';
import type { StrayLink } from '../node/facts.ts';
import type { HeldLease } from '../node/leases.ts';
import { ownerText } from '../node/names.ts';
import type { Requests } from '../requests.ts';

export type Remains = { /** Why it goes. */ readonly why: string } & (
  | { readonly kind: 'endpoint'; readonly record: EndpointRecord }
  | { readonly kind: 'deletion'; readonly record: EndpointRecord }
  | { readonly kind: 'link'; readonly link: StrayLink /** Name of its bridge. */; readonly bridge: string }
  | { readonly kind: 'element'; readonly address: Ipv4 }
  | { readonly kind: 'lease'; readonly lease: HeldLease }
);

/** One line for people; the same remains have the same text. */
export function describeRemains(remains: Remains): string {
  switch (remains.kind) {
    case 'endpoint': {
      const { record } = remains;
      return `${addressesOf(record)} of ${ownerText(record)} in network ${record.network}`;
    }
    case 'deletion':
      return `link ${remains.record.hostVeth} of ${ownerText(remains.record)}`;
    case 'link':
      return `link ${remains.link.name} with the address ${formatIpv4(remains.link.address)}`;
    case 'element':
      return `element ${formatIpv4(remains.address)} of table bridge azure-vnet`;
    case 'lease':
      return `lease of ${formatIpv4(remains.lease.address)} by ${ownerText(remains.lease)}`;
    default:
      return unreachable(remains);
  }
}

/** Removes it, waiting for the kernel; what is gone already is no failure. */
export function removeRemains(
  context: PluginContext,
  sockets: Sockets,
  requests: Requests,
  remains: Remains,
): Failure | undefined {
  try {
    return remove(context, sockets, requests, remains);
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return refused;
  }
}

function remove(
  context: PluginContext,
  sockets: Sockets,
  requests: Requests,
  remains: Remains,
): Failure | undefined {
  switch (remains.kind) {
    case 'endpoint':
    case 'deletion': {
      const { record, kind } = remains;
      const complete = kind === 'endpoint' ? completeDel : completePending;
      return complete(context, sockets, requests.del(record.network, record, record.ipamType), record);
    }
    case 'link': {
      const { link, bridge } = remains;
      const left = disconnectEndpoint(context, sockets, {
        hostVeth: link.name,
        bridge,
        addresses: [link.address],
      });
      return left.failure ?? deleteVeth(sockets.route, link.name);
    }
    case 'element':
      return removePodElements(sockets.netfilter, [remains.address]);
    case 'lease': {
      const released = ipamOf(
        context,
        requests.del(remains.lease.network, remains.lease),
        OWN_IPAM,
        undefined,
      ).del();
      return released.ok ? undefined : released.error;
    }
    default:
      return unreachable(remains);
  }
}

function addressesOf({ addresses }: EndpointRecord): string {
  return addresses.map(formatIpv4).join(', ') || 'no address';
}
