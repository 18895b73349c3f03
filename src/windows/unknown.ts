/**
 * Endpoints whose records are lost while their containers live on: their addresses are leased again before any is
 * given out.
 */
import { lookup } from '../cni/json.ts';
import type { Attachment, CniRequest } from '../cni/types.ts';
import { Leases } from '../ipam/leases.ts';
import { OWN_IPAM } from '../ipam/through.ts';
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import { ok, type Result } from '../sys/result.ts';
import type { WindowsCall } from './call.ts';
import type { Hns, HnsEndpoint, HnsError } from './hns.ts';
import { ENDPOINTS_DIR, listEndpoints, UNFINISHED_DIR } from './records.ts';

/** The owner of a lease when only the endpoint is left to tell. */
export function unknownOwner(hnsId: string): Attachment {
  return { containerId: hnsId, ifname: 'unknown' };
}

/** The endpoints of a network of HNS that no record here is about. */
export function unrecorded(
  call: WindowsCall,
  hns: Hns,
  networkId: string,
): Result<readonly HnsEndpoint[], HnsError> {
  const { sys, log } = call.context;
  const all = hns.endpointsOf(networkId);
  if (!all.ok) return all;
  const known = ([ENDPOINTS_DIR, UNFINISHED_DIR] as const).flatMap((directory) =>
    listEndpoints(sys, log, directory),
  );
  const isKnown = ({ id, name }: HnsEndpoint) =>
    known.some(({ hnsId, endpoint }) => (hnsId === '' ? endpoint === name : hnsId === id));
  return ok(all.value.filter((endpoint) => !isKnown(endpoint)));
}

/**
 * For a call that finds no record of its network: when the network is in HNS, leases the addresses of its endpoints.
 * What HNS does not tell is left to the steps that need it.
 */
export function reinstateLeases(call: WindowsCall, hns: Hns): void {
  if (call.config.ipamType !== OWN_IPAM) return;
  const network = hns.networkByName(call.config.name);
  if (!network.ok || network.value === undefined) return;
  const endpoints = unrecorded(call, hns, network.value.id);
  if (!endpoints.ok) return;
  const leases = new Leases(call.sys);
  for (const { id, addresses } of endpoints.value) {
    for (const { address } of addresses) if (leases.stateOf(address) !== 'leased') lease(call, id, address);
  }
}

function lease(call: WindowsCall, hnsId: string, address: Ipv4): void {
  const { request, context } = call;
  const runtimeConfig = {
    ...Object(lookup(request.config, 'runtimeConfig') ?? {}),
    ips: [formatIpv4(address)],
  };
  const target: CniRequest = {
    ...request,
    env: { ...request.env, ...unknownOwner(hnsId), args: {} },
    config: { ...request.config, runtimeConfig },
  };
  const leased = call.ipam(undefined, OWN_IPAM, target).add();
  const text = formatIpv4(address);
  if (leased.ok)
    context.log.note('warn', `${text} is of endpoint ${hnsId}, which has no record; it is leased to it`);
  else context.log.note('info', `${text} of endpoint ${hnsId} needs no new lease: ${leased.error.message}`);
}
