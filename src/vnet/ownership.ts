/**
 * Disconnects an endpoint whose addresses may be another's by now. A DEL that is completed later finds
 * addresses in its record that it may have released before it was interrupted; the rules and neighbours of
 * such an address then are those of the pod that got it.
 */
import type { PluginContext } from '../cni/types.ts';
import { isLeased, Leases } from '../ipam/leases.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Link } from '../net/rtnl/link.ts';
import { withLock } from '../state/lock.ts';
import type { Failure } from '../sys/failure.ts';
import { podLinks } from './adopt.ts';
import { disconnectEndpoint } from './endpoint.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { OWN_IPAM } from './ipam.ts';
import { unknownOwner } from './reinstate.ts';

/** As `disconnectEndpoint`, but leaves alone what belongs to an address that the endpoint has no more. */
export function disconnectLate(
  context: PluginContext,
  sockets: Sockets,
  record: EndpointRecord,
): { readonly link?: Link; readonly failure?: Failure } {
  if (openAddresses(context, record).length === 0) {
    return disconnectEndpoint(context, sockets, { ...record, addresses: [] });
  }
  // Under the lock, where nobody gets an address meanwhile.
  const done = withLock(context, () => {
    const others = new Set(
      podLinks(sockets.route).flatMap(({ link, address }) =>
        link.name === record.hostVeth ? [] : [address],
      ),
    );
    const addresses = openAddresses(context, record).filter((address) => !others.has(address));
    return disconnectEndpoint(context, sockets, { ...record, addresses });
  });
  return done.ok ? done.value : { failure: done.error };
}

/**
 * The addresses whose rules may still be there: leased to this endpoint, or to nobody without having been
 * released since the record was written, which comes after the rules are gone.
 */
function openAddresses({ sys }: PluginContext, record: EndpointRecord): readonly Ipv4[] {
  if (record.ipamType !== OWN_IPAM) return record.addresses;
  const leases = new Leases(sys);
  return record.addresses.filter((address) => {
    const state = leases.stateOf(address);
    if (typeof state === 'object') return state.sinceMs < record.sinceMs;
    if (state === 'unused') return true;
    return isLeased(sys, address, record) || isLeased(sys, address, unknownOwner(record.hostVeth));
  });
}
