/**
 * DEL. Needs neither the sandbox, nor arguments, nor the network's record; frees exactly what belongs
 * to this attachment; succeeds when it is gone already.
 */
import { parseNetworkConfig } from '../cni/config.ts';
import type { CniRequest, NetworkConfig, PluginContext } from '../cni/types.ts';
import { Leases } from '../ipam/leases.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import { linkByName } from '../net/rtnl/link.ts';
import type { Failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { completePending } from './complete-del.ts';
import { ENDPOINTS_DIR, type EndpointRecord, PENDING_DIR, readEndpoint } from './endpoint-record.ts';
import { Sockets } from './host-links.ts';
import { hasInterruptedMoves } from './host-record.ts';
import { ipamOf, OWN_IPAM } from './ipam.ts';
import { hostVethName } from './names.ts';
import { finishMoves } from './network.ts';
import { standingNetwork } from './network-ready.ts';
import { delEndpoint, sweepPending } from './pending.ts';
import { recordOfLease, recordOfLink } from './recover.ts';

export function del(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const config = parseNetworkConfig(request);
  if (!config.ok) return config;
  const { sys, log } = context;
  const sockets = new Sockets(context);
  const ipamType = config.value.ipamType || OWN_IPAM;
  if (hasInterruptedMoves(sys)) finishMoves(context, sockets);
  standingNetwork(context, sockets, config.value);
  const recorded = readEndpoint(sys, log, ENDPOINTS_DIR, request.networkName, request.env);
  const begun = recorded ?? readEndpoint(sys, log, PENDING_DIR, request.networkName, request.env);
  const record = begun ?? recovered(context, sockets, request, config.value);
  if (record !== undefined) {
    log.set('address', record.addresses.map(formatIpv4).join(','));
    const isLate = recorded === undefined && begun !== undefined;
    const failed = (isLate ? completePending : delEndpoint)(context, sockets, request, record);
    if (failed !== undefined) return err(failed);
    if (!isLate) return ok(undefined);
  }
  // Nothing of ours is left; the address may still be held, by an ADD that ended before its endpoint.
  sweepPending(context, sockets, request);
  return ipamOf(context, request, ipamType, undefined).del();
}

/** Without a record: what the link tells, or the lease. None is there either after an earlier DEL. */
function recovered(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  { ipamType, bridge }: NetworkConfig,
): EndpointRecord | undefined {
  const { env, networkName } = request;
  const link = linkByName(sockets.route, hostVethName(context.sys, networkName, env));
  if (link !== undefined) return recordOfLink(context, sockets, request, link, ipamType || OWN_IPAM);
  if ((ipamType || OWN_IPAM) !== OWN_IPAM) return undefined;
  const leased = new Leases(context.sys).addressesOf(env, networkName);
  return leased.length === 0 ? undefined : recordOfLease(context, sockets, request, leased, bridge);
}
