/**
 * Takes an endpoint down, whatever there is of it: the end of DEL, and of an ADD or DEL that was interrupted. Every
 * step succeeds when its work is done already, so that it may be interrupted again.
 */
import { OWN_IPAM } from '../ipam/through.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { Failure } from '../sys/failure.ts';
import { ok, type Result } from '../sys/result.ts';
import { SysError } from '../sys/sys.ts';
import type { WindowsCall } from './call.ts';
import { type HnsEndpoint, type HnsError, hnsFailure, tryAgain } from './hns.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  listEndpoints,
  readNetwork,
  removeEndpoint,
  UNFINISHED_DIR,
  writeEndpoint,
} from './records.ts';
import { sandboxOf, targetOf } from './sandbox.ts';
import { unknownOwner } from './unknown.ts';

/**
 * The lock of the attachment is held. On failure the record stays under unfinished/, the address stays leased, and
 * the next call goes on.
 */
export function takeDown(call: WindowsCall, record: EndpointRecord): Failure | undefined {
  const { sys, log } = call.context;
  log.set('address', record.addresses.map(formatIpv4).join(','));
  begin(call, record);
  const removed = record.infraId === undefined ? deleteEndpoints(call, record) : detach(call, record);
  // Where there is no HNS there is no endpoint of it.
  if (!removed.ok && removed.error.kind === 'missing') log.note('warn', removed.error.message);
  else if (!removed.ok) {
    return tryAgain(
      hnsFailure('ENDPOINT_SETUP', `failed to delete endpoint: ${record.endpoint}`, removed.error),
    );
  }
  if (record.infraId === undefined) {
    const released = release(call, record);
    if (!released.ok) return released.error;
    forgetSharing(call, record);
  }
  removeEndpoint(sys, UNFINISHED_DIR, record);
  removeEndpoint(sys, ENDPOINTS_DIR, record);
  return undefined;
}

/** From here on the endpoint is on its way out. Without room for the record the old one stays until all is done. */
function begin({ context }: WindowsCall, record: EndpointRecord): void {
  const { sys, log } = context;
  try {
    writeEndpoint(sys, UNFINISHED_DIR, record);
    removeEndpoint(sys, ENDPOINTS_DIR, record);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    log.note('warn', `the record cannot be moved: ${error.message}`);
  }
}

function detach(call: WindowsCall, { version, hnsId, containerId }: EndpointRecord): Result<void, HnsError> {
  return hnsId === '' ? ok(undefined) : call.hns(version).detach(hnsId, containerId);
}

/**
 * Deletes the endpoint of a record from HNS: by its id; by its name where the id is not known, because ADD was
 * interrupted or HNS made it and answered that it had not.
 */
export function deleteEndpoints(call: WindowsCall, record: EndpointRecord): Result<void, HnsError> {
  const hns = call.hns(record.version);
  if (record.hnsId !== '') return hns.deleteEndpoint(record.hnsId);
  const found = unclaimed(call, record);
  if (!found.ok) return found;
  for (const { id, name } of found.value) {
    call.context.log.note('warn', `${name} (${id}) was left in HNS, and is deleted`);
    const deleted = hns.deleteEndpoint(id);
    if (!deleted.ok) return deleted;
    releaseUnknown(call, record.network, id);
  }
  return ok(undefined);
}

/**
 * The endpoints with the name of this one that can be nobody else's: in this network, on no record, and attached to
 * nothing or to this very container. Names have 8 characters of the container's id only.
 */
export function unclaimed(
  call: WindowsCall,
  record: Pick<EndpointRecord, 'network' | 'endpoint' | 'version' | 'sandbox' | 'containerId' | 'ifname'>,
): Result<readonly HnsEndpoint[], HnsError> {
  const { sys, log } = call.context;
  const hns = call.hns(record.version);
  const network = readNetwork(sys, log, record.network);
  const named = network === undefined ? hns.networkByName(record.network) : ok({ id: network.hnsId });
  if (!named.ok) return named;
  if (named.value === undefined) return ok([]);
  const networkId = named.value.id;
  const all = hns.endpointsNamed(record.endpoint);
  if (!all.ok) return all;
  const claimed = new Set(
    ([ENDPOINTS_DIR, UNFINISHED_DIR] as const).flatMap((directory) =>
      listEndpoints(sys, log, directory).map(({ hnsId }) => hnsId),
    ),
  );
  const target = targetOf(sandboxOf(record.sandbox), record).toLowerCase();
  const isOurs = ({ attachedTo }: HnsEndpoint) =>
    record.sandbox === '' || attachedTo.length === 0 || attachedTo.includes(target);
  return ok(
    all.value.filter(
      (endpoint) => endpoint.networkId === networkId && !claimed.has(endpoint.id) && isOurs(endpoint),
    ),
  );
}

function release(call: WindowsCall, record: EndpointRecord): Result<void, Failure> {
  const { containerId, ifname, sandbox: netns } = record;
  const { request } = call;
  const isOwn = containerId === request.env.containerId && ifname === request.env.ifname;
  const target = isOwn ? request : { ...request, env: { ...request.env, containerId, ifname, netns } };
  return call.ipam(undefined, record.ipamType, target).del();
}

/** The lease that was taken for an endpoint while nobody knew whose it was. */
export function releaseUnknown(call: WindowsCall, network: string, hnsId: string): void {
  const { request, context } = call;
  const target = { ...request, networkName: network, env: { ...request.env, ...unknownOwner(hnsId) } };
  const released = call.ipam(undefined, OWN_IPAM, target).del();
  if (!released.ok) context.log.note('warn', released.error.message);
}

/** Containers that shared the endpoint have nothing any more. */
function forgetSharing({ context }: WindowsCall, { network, containerId, version }: EndpointRecord): void {
  if (version !== 1) return;
  const { sys, log } = context;
  for (const directory of [ENDPOINTS_DIR, UNFINISHED_DIR] as const) {
    for (const record of listEndpoints(sys, log, directory)) {
      if (record.network === network && record.infraId === containerId)
        removeEndpoint(sys, directory, record);
    }
  }
}
