/**
 * GC: removes everything of this network that belongs to no valid attachment: endpoints, addresses, host
 * veths, elements, deletions that were interrupted. Keeps going on errors and reports them together.
 */
import { parseNetworkConfig } from '../cni/config.ts';
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { Leases } from '../ipam/leases.ts';
import { withLock } from '../state/lock.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { podLinks } from './adopt.ts';
import { completeDel, completePending } from './complete-del.ts';
import { deleteVeth, disconnectEndpoint } from './endpoint.ts';
import { ENDPOINTS_DIR, listEndpoints, PENDING_DIR } from './endpoint-record.ts';
import { Sockets } from './host-links.ts';
import { ipamOf, OWN_IPAM } from './ipam.ts';
import { podElements } from './l2-rules.ts';
import { hostVethName } from './names.ts';
import { finishMoves } from './network.ts';
import { standingNetwork } from './network-ready.ts';
import { readNetwork } from './network-record.ts';
import { unknownOwner } from './reinstate.ts';

export function gc(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const config = parseNetworkConfig(request);
  if (!config.ok) return config;
  const sockets = new Sockets(context);
  finishMoves(context, sockets);
  standingNetwork(context, sockets, config.value);
  const failures = [
    ...removeEndpoints(context, sockets, request),
    ...removeOrphanLinks(context, sockets, request),
  ];
  const network = readNetwork(context.sys, context.log, request.networkName);
  const type = config.value.ipamType || OWN_IPAM;
  const swept = ipamOf(context, withUnknown(context, request), type, network).gc();
  if (!swept.ok) failures.push(swept.error);
  // What no lease holds any more, too: therefore last.
  const stuck = removeOrphanElements(context, sockets, network?.bridge);
  if (stuck !== undefined) failures.push(stuck);
  if (failures.length === 0) return ok(undefined);
  const list = failures.map(({ message }) => message).join('; ');
  return err(failure('GC_INCOMPLETE', `GC could not remove everything, ${failures.length} failed: ${list}`));
}

/** A valid attachment may hold its lease under the name of its host veth, when its records were lost. */
function withUnknown({ sys }: PluginContext, request: CniRequest): CniRequest {
  const valid = request.validAttachments;
  const unknown = valid.map((item) => unknownOwner(hostVethName(sys, request.networkName, item)));
  return { ...request, validAttachments: [...valid, ...unknown] };
}

/** Endpoints with a record, and whatever DEL had begun; what another process is completing is let be. */
function removeEndpoints(context: PluginContext, sockets: Sockets, request: CniRequest): Failure[] {
  const { sys, log } = context;
  const isValid = (containerId: string, ifname: string) =>
    request.validAttachments.some((item) => item.containerId === containerId && item.ifname === ifname);
  const here = (directory: typeof ENDPOINTS_DIR | typeof PENDING_DIR) =>
    listEndpoints(sys, log, directory).filter(({ network }) => network === request.networkName);
  const begun = here(PENDING_DIR).map((record) => completePending(context, sockets, request, record, 0));
  const invalid = here(ENDPOINTS_DIR)
    .filter((record) => !isValid(record.containerId, record.ifname))
    .map((record) => {
      log.note('info', `removing ${record.containerId} ${record.ifname}, which is not valid any more`);
      return completeDel(context, sockets, request, record);
    });
  return [...begun, ...invalid].filter((failed) => failed !== undefined);
}

/** Host veths without a record on the bridge of this network that no valid attachment can have. */
function removeOrphanLinks(context: PluginContext, sockets: Sockets, request: CniRequest): Failure[] {
  const { sys, log } = context;
  const bridge = readNetwork(sys, log, request.networkName)?.bridge;
  const valid = new Set(request.validAttachments.map((item) => hostVethName(sys, request.networkName, item)));
  const links = podLinks(sockets.route);
  const recorded = new Set(
    [...listEndpoints(sys, log, ENDPOINTS_DIR), ...listEndpoints(sys, log, PENDING_DIR)].map(
      (record) => record.hostVeth,
    ),
  );
  const bridgeIndex = bridge === undefined ? undefined : sockets.linkIndex(bridge);
  return links
    .filter(({ link }) => bridgeIndex !== undefined && link.masterIndex === bridgeIndex)
    .filter(({ link }) => !valid.has(link.name) && !recorded.has(link.name))
    .map(({ link }) => {
      log.note('info', `removing ${link.name}, which belongs to nothing`);
      return deleteVeth(sockets.route, link.index);
    })
    .filter((failed) => failed !== undefined);
}

/**
 * Elements, and neighbours on this bridge, of addresses that nobody has: no lease, no record and no link.
 * Under the lock, so that nobody gets such an address meanwhile.
 */
function removeOrphanElements(
  context: PluginContext,
  sockets: Sockets,
  bridge: string | undefined,
): Failure | undefined {
  const { sys, log } = context;
  const failed = withLock(context, () => {
    const present = podElements(sockets.netfilter);
    const leases = new Leases(sys);
    const owned = new Set([
      ...listEndpoints(sys, log, ENDPOINTS_DIR).flatMap((record) => record.addresses),
      ...podLinks(sockets.route).map(({ address }) => address),
    ]);
    const addresses = present.filter(
      (address) => leases.stateOf(address) !== 'leased' && !owned.has(address),
    );
    return addresses.length === 0
      ? undefined
      : disconnectEndpoint(context, sockets, { hostVeth: '', bridge: bridge ?? '', addresses }).failure;
  });
  return failed.ok ? failed.value : failed.error;
}
