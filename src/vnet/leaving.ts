/** The steps of DEL that every way to its end shares. */
import { optional } from '../cni/fields.ts';
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { isLeased } from '../ipam/leases.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Link } from '../net/rtnl/link.ts';
import type { Failure } from '../sys/failure.ts';
import { SysError } from '../sys/sys.ts';
import { deleteVeth, disconnectEndpoint } from './endpoint.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  PENDING_DIR,
  removeEndpoint,
  writeEndpoint,
} from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { ipamOf, OWN_IPAM } from './ipam.ts';
import { disconnectLate } from './ownership.ts';
import { releaseUnknown } from './recover.ts';

/**
 * Begins DEL: from here on the endpoint is on its way out, whatever happens to this process. Returns the
 * pending record; without room for one, nothing: then the old record stays until the whole DEL is done.
 */
export function beginDel({ sys, log }: PluginContext, record: EndpointRecord): EndpointRecord | undefined {
  const pending = { ...record, sinceMs: sys.realtimeMs() };
  try {
    writeEndpoint(sys, PENDING_DIR, pending);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    log.note('warn', `no pending record, DEL is done at once: ${error.message}`);
    return undefined;
  }
  removeEndpoint(sys, ENDPOINTS_DIR, record);
  return pending;
}

/** The record goes when nothing is left that it stands for. */
export function endDel({ sys }: PluginContext, record: EndpointRecord): void {
  removeEndpoint(sys, PENDING_DIR, record);
  removeEndpoint(sys, ENDPOINTS_DIR, record);
}

/**
 * Takes the endpoint off the network and releases its address; returns its link and what could not be done.
 * Unless this is the first try, the address may be another pod's by now.
 */
export function leaveNetwork(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  record: EndpointRecord,
  isFirst: boolean,
): { readonly link?: Link; readonly failure?: Failure } {
  const isOurs = (address: Ipv4) => isLeased(context.sys, address, record);
  const holds = record.ipamType === OWN_IPAM ? record.addresses.every(isOurs) : isFirst;
  const left = context.log.step('disconnect', () =>
    (holds ? disconnectEndpoint : disconnectLate)(context, sockets, record),
  );
  const failed = releaseAddress(context, request, record);
  if (!holds && record.ipamType === OWN_IPAM) releaseUnknown(context, request, record);
  return { ...optional('link', left.link), ...optional('failure', left.failure ?? failed) };
}

/** What is left of DEL: waits for the kernel, unless `later` takes the link. */
export function finish(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  record: EndpointRecord,
  isFirst: boolean,
  later?: (link: Link) => void,
): Failure | undefined {
  const { link, failure } = leaveNetwork(context, sockets, request, record, isFirst);
  if (link && later && failure === undefined) {
    later(link);
    return undefined;
  }
  const failed = failure ?? (link && deleteVeth(sockets.route, link.index));
  if (failed === undefined) endDel(context, record);
  return failed;
}

function releaseAddress(
  context: PluginContext,
  request: CniRequest,
  record: EndpointRecord,
): Failure | undefined {
  const { containerId, ifname, sandbox: netns } = record;
  const own = containerId === request.env.containerId && ifname === request.env.ifname;
  const target = own ? request : { ...request, env: { ...request.env, containerId, ifname, netns } };
  const released = ipamOf(context, target, record.ipamType, undefined).del();
  return released.ok ? undefined : released.error;
}
