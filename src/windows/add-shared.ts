/**
 * ADD for a container that shares the endpoint of its pod's infra container: CNI_NETNS is `container:<infra id>`. The
 * endpoint is attached to this container too; the address is that of the infra container, and so is the answer.
 */
import { formatResult, parseResult } from '../cni/result.ts';
import type { CniResult } from '../cni/types.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { type Failure, failure, failureOf } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { WindowsCall } from './call.ts';
import { type Hns, type HnsEndpoint, type HnsError, hnsFailure } from './hns.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  readEndpoint,
  readNetwork,
  removeEndpoint,
  UNFINISHED_DIR,
  writeEndpoint,
} from './records.ts';
import { composeResult } from './result.ts';
import { endpointName } from './sandbox.ts';

/** The lock of the infra container is held. Attached already is fine: the answer is the same. */
export function addShared(call: WindowsCall, hns: Hns, infraId: string): Result<CniResult, Failure> {
  const { sys, log } = call.context;
  const { networkName, env } = call.request;
  const infra = readEndpoint(sys, log, ENDPOINTS_DIR, networkName, { ...env, containerId: infraId });
  const name = endpointName({ ...env, containerId: infraId });
  const found = infra === undefined ? byName(call, hns, name) : hns.endpointById(infra.hnsId);
  if (!found.ok) return err(hnsFailure('ENDPOINT_SETUP', `GetHNSEndpointByName for ${name}`, found.error));
  if (found.value === undefined) {
    const text = `GetHNSEndpointByName for ${name} returned nil with err: the infra container ${infraId} has no endpoint`;
    return err(failure('ENDPOINT_SETUP', `${text}; ADD it first`));
  }
  const endpoint = found.value;
  const result = resultOf(call, endpoint, infra);
  const record = sharedRecord(call, hns, endpoint, infraId);
  writeEndpoint(sys, UNFINISHED_DIR, record);
  const attached = hns.attach(endpoint.id, env.containerId);
  if (!attached.ok) {
    removeEndpoint(sys, UNFINISHED_DIR, record);
    const what = `Failed to add endpoint: ${endpoint.id} to container: ${env.containerId} due to error`;
    return err(hnsFailure('ENDPOINT_SETUP', what, attached.error));
  }
  return remember(call, hns, record, result);
}

function remember(
  call: WindowsCall,
  hns: Hns,
  record: EndpointRecord,
  result: CniResult,
): Result<CniResult, Failure> {
  const document = formatResult(result, '1.1.0');
  if (!document.ok) throw new Error(`Internal error: ${document.error}`);
  try {
    writeEndpoint(call.sys, ENDPOINTS_DIR, { ...record, result: document.value });
  } catch (error) {
    const reason = failureOf(error);
    if (reason === undefined) throw error;
    if (hns.detach(record.hnsId, record.containerId).ok) removeEndpoint(call.sys, UNFINISHED_DIR, record);
    return err(reason);
  }
  removeEndpoint(call.sys, UNFINISHED_DIR, record);
  return ok(result);
}

/** Where the record of the infra container is lost. */
function byName(
  { context, config }: WindowsCall,
  hns: Hns,
  name: string,
): Result<HnsEndpoint | undefined, HnsError> {
  const network = readNetwork(context.sys, context.log, config.name);
  const all = hns.endpointsNamed(name);
  if (!all.ok) return all;
  return ok(all.value.find(({ networkId }) => network === undefined || networkId === network.hnsId));
}

/** The infra container's answer, with the name of the interface and the sandbox of this call. */
function resultOf(call: WindowsCall, endpoint: HnsEndpoint, infra: EndpointRecord | undefined): CniResult {
  const told = infra?.result && parseResult(infra.result, call.request.version);
  if (told?.ok) {
    const ips = told.value.ips.map(({ interface: _, ...ip }) => ip);
    return composeResult(call, endpoint, { ips, routes: told.value.routes, dns: told.value.dns });
  }
  const gateway = endpoint.gateway;
  const gw = gateway === undefined ? {} : { gateway: { family: 4, address: gateway } as const };
  return composeResult(call, endpoint, {
    ips: endpoint.addresses.map((net) => ({ address: { family: 4, ...net }, ...gw })),
    routes: [{ dst: { family: 4, address: 0 as Ipv4, prefixBits: 0 } }],
    dns: {},
  });
}

function sharedRecord(call: WindowsCall, hns: Hns, endpoint: HnsEndpoint, infraId: string): EndpointRecord {
  const { env, networkName } = call.request;
  return {
    network: networkName,
    containerId: env.containerId,
    ifname: env.ifname,
    sandbox: env.netns,
    version: hns.version,
    endpoint: endpoint.name,
    hnsId: endpoint.id,
    addresses: endpoint.addresses.map(({ address }) => address),
    ipamType: '',
    infraId,
    sinceMs: call.sys.realtimeMs(),
  };
}
