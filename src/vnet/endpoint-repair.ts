/**
 * What is in the way of an endpoint is mended: rules that somebody flushed, a link or elements that an
 * earlier call left, an interface whose DEL is not through. Each is mended once.
 */
import type { CniRequest, NetworkConfig, PluginContext } from '../cni/types.ts';
import type { Cidr } from '../net/cidr.ts';
import { linkByName } from '../net/rtnl/link.ts';
import { podLinks } from './adopt.ts';
import { freeSandbox } from './complete-del.ts';
import {
  type CreateOutcome,
  createEndpoint,
  deleteVeth,
  disconnectEndpoint,
  type EndpointPlan,
  type EndpointRemains,
} from './endpoint.ts';
import type { Sockets } from './host-links.ts';
import { ensureNetwork } from './network.ts';

/** What the steps of one ADD share. */
export interface EndpointCall {
  readonly context: PluginContext;
  readonly sockets: Sockets;
  readonly request: CniRequest;
  readonly config: NetworkConfig;
}

/** Goes on after a first `createEndpoint` with that outcome. */
export function repairEndpoint(
  call: EndpointCall,
  remains: EndpointRemains,
  plan: EndpointPlan,
  subnet: Cidr,
  first: CreateOutcome,
): CreateOutcome {
  const { context, sockets, config } = call;
  let outcome = first;
  if (outcome.state === 'no-rules') {
    context.log.note('warn', 'the layer-2 rules were gone (nft flush ruleset?) and are made again');
    deletePair(call, plan.hostVeth);
    const repaired = ensureNetwork(context, sockets, config, subnet);
    if (!repaired.ok) return { state: 'failed', failure: repaired.error };
    outcome = createEndpoint(context, sockets, plan);
  }
  if (outcome.state === 'exists') {
    makeRoom(call, remains);
    outcome = createEndpoint(context, sockets, plan);
  }
  if (outcome.state === 'occupied' && !isLive(call, remains)) {
    context.log.note('warn', 'elements of a pod that is gone were in the way and are removed');
    takeBack(call, remains);
    outcome = createEndpoint(context, sockets, plan);
  }
  return outcome;
}

/** Takes back what `createEndpoint` made, but never the elements of another pod that is alive. */
export function takeBack(call: EndpointCall, remains: EndpointRemains): void {
  if (!isLive(call, remains)) {
    const left = disconnectEndpoint(call.context, call.sockets, remains);
    if (left.failure !== undefined) call.context.log.note('error', left.failure.message);
  }
  deletePair(call, remains.hostVeth);
}

/** Deletes the pair alone. */
export function deletePair({ context, sockets }: EndpointCall, hostVeth: string): void {
  const failed = deleteVeth(sockets.route, hostVeth);
  if (failed !== undefined) context.log.note('error', failed.message);
}

/**
 * Something has our host veth or the interface in the sandbox; a leftover of ours is removed. An interface
 * whose deletion is under way may go without our doing.
 */
function makeRoom(call: EndpointCall, remains: EndpointRemains): void {
  const leftover = linkByName(call.sockets.route, remains.hostVeth);
  if (leftover === undefined) freeSandbox(call.context, call.sockets, call.request);
  else {
    call.context.log.note('warn', `${remains.hostVeth} was there without a record and is removed`);
    takeBack(call, remains);
  }
}

/** True when another pod's link has an address of the remains. */
function isLive({ sockets }: EndpointCall, remains: EndpointRemains): boolean {
  return podLinks(sockets.route).some(
    ({ link, address }) => link.name !== remains.hostVeth && remains.addresses.includes(address),
  );
}
