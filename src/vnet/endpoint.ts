/**
 * An endpoint in the kernel: the veth pair with its host end in the bridge, the elements of the layer-2
 * rules, the neighbour entry, and the interface in the sandbox.
 */

import { optional } from '../cni/fields.ts';
import type { PluginContext } from '../cni/types.ts';
import type { Ipv4Net } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { MacAddress } from '../net/mac.ts';
import type { NetlinkSocket } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import {
  addVeth,
  deleteLink,
  disablePort,
  type Link,
  linkByName,
  OPTIONAL_VETH_STEP,
  VETH_STEPS,
} from '../net/rtnl/link.ts';
import { deleteNeighbour, setNeighbour } from '../net/rtnl/neighbour.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { broken } from '../sys/result.ts';
import type { Fd } from '../sys/sys.ts';
import type { Sockets } from './host-links.ts';
import { addPodElements, removePodElements } from './l2-rules.ts';
import { hostVethMac, podMac } from './names.ts';
import { awaitPort } from './port.ts';
import {
  bringUp,
  configureInterface,
  inSandbox,
  openSandboxSocket,
  type SandboxInterface,
} from './sandbox.ts';

export interface EndpointPlan extends SandboxInterface {
  readonly hostVeth: string;
  readonly hostMac: MacAddress;
  readonly bridge: Link;
  readonly mtu: number;
  readonly sandbox: { readonly fd: Fd; readonly path: string };
}

/** MAC addresses of the two ends. They follow from the first address of the endpoint. */
export function endpointMacs(addresses: readonly Ipv4Net[]): Pick<EndpointPlan, 'hostMac' | 'mac'> {
  const first = addresses[0];
  if (first === undefined) broken('an endpoint without an address');
  return { hostMac: hostVethMac(first.address), mac: podMac(first.address) };
}

export type CreateOutcome =
  | { readonly state: 'created' }
  /** The layer-2 table is missing: the network must be repaired before another try. */
  | { readonly state: 'no-rules' }
  /** The interface, or the host veth, is there already. Nothing was made. */
  | { readonly state: 'exists' }
  /** Another pod has an element for the address. The pair was made, no element was changed. */
  | { readonly state: 'occupied' }
  | { readonly state: 'failed'; readonly failure: Failure };

/**
 * Makes the endpoint. Traffic flows only after everything stands: the interface gets its address last. What
 * was made is left for the caller to remove when the state is `failed` or `no-rules`.
 */
export function createEndpoint(context: PluginContext, sockets: Sockets, plan: EndpointPlan): CreateOutcome {
  const made = context.log.step('veth', () => createVeth(sockets.route, plan));
  if (made !== undefined) return made;
  for (const net of plan.addresses) {
    const added = context.log.step('rules', () => addPodElements(sockets.netfilter, net.address));
    if (added === 'missing') return { state: 'no-rules' };
    if (added === 'occupied') return { state: 'occupied' };
    if (added !== 'added') return { state: 'failed', failure: added };
  }
  const unknown = setNeighbours(sockets.route, plan);
  if (unknown !== undefined) return { state: 'failed', failure: unknown };
  const failed = connectSandbox(context, sockets, plan);
  return failed === undefined ? { state: 'created' } : { state: 'failed', failure: failed };
}

function connectSandbox(context: PluginContext, sockets: Sockets, plan: EndpointPlan): Failure | undefined {
  const { sandbox, ifname } = plan;
  const entered = inSandbox(context.sys, sandbox.fd, sandbox.path, () =>
    openSandboxSocket(context.sys, ifname),
  );
  if (!entered.ok) return entered.error;
  const socket = entered.value;
  const up = bringUp(socket, ifname);
  if (up.ok) awaitPort(context, sockets.route, plan.hostVeth);
  const failed = up.ok ? configureInterface(context, socket, up.value, plan) : up.error;
  socket.close();
  return failed;
}

function createVeth(route: NetlinkSocket, plan: EndpointPlan): CreateOutcome | undefined {
  const batch = new MessageWriter();
  addVeth(batch, {
    name: plan.hostVeth,
    mac: plan.hostMac,
    mtu: plan.mtu,
    masterIndex: plan.bridge.index,
    peer: { name: plan.ifname, mac: plan.mac, netnsFd: plan.sandbox.fd },
  });
  const first = route.execute(batch).find(({ index }) => index !== OPTIONAL_VETH_STEP);
  if (first === undefined) return undefined;
  if (first.index === 0 && first.errno === 'EEXIST') return { state: 'exists' };
  const what = VETH_STEPS[first.index];
  return { state: 'failed', failure: refused(`${what} of ${plan.hostVeth}`, first.errno) };
}

/** Not with the pair: where that is refused, nothing must be left of this call. */
function setNeighbours(route: NetlinkSocket, plan: EndpointPlan): Failure | undefined {
  const batch = new MessageWriter();
  for (const net of plan.addresses) setNeighbour(batch, plan.bridge.index, net.address, plan.mac);
  const first = route.execute(batch)[0];
  return first === undefined ? undefined : refused(`neighbour entry of ${plan.hostVeth}`, first.errno);
}

function refused(what: string, why: string): Failure {
  return failure('ENDPOINT_SETUP', `Failed to create endpoint: the kernel refused the ${what}: ${why}`);
}

export interface EndpointRemains {
  readonly hostVeth: string;
  /** Empty when unknown. */
  readonly bridge: string;
  readonly addresses: readonly Ipv4[];
}

/**
 * Takes an endpoint off the network, without waiting for anything: its port stops forwarding, elements
 * and neighbour entries go. What is missing already is no error. Returns its link, if that still exists.
 */
export function disconnectEndpoint(
  context: PluginContext,
  sockets: Sockets,
  remains: EndpointRemains,
): { readonly link?: Link; readonly failure?: Failure } {
  const { route, netfilter } = sockets;
  const link = linkByName(route, remains.hostVeth);
  const bridge = remains.bridge === '' ? undefined : sockets.linkIndex(remains.bridge);
  const batch = new MessageWriter();
  if (link?.masterIndex !== undefined) disablePort(batch, link.index);
  if (bridge !== undefined) for (const address of remains.addresses) deleteNeighbour(batch, bridge, address);
  for (const { errno } of route.execute(batch)) {
    if (!['ENOENT', 'ENODEV', 'ENETDOWN'].includes(errno)) {
      context.log.note('warn', `disconnecting ${remains.hostVeth}: the kernel answered ${errno}`);
    }
  }
  const failed = removePodElements(netfilter, remains.addresses);
  return { ...optional('link', link), ...optional('failure', failed) };
}

/** Deletes the pair by name or index of its host end and waits for the kernel, some 20 ms. No link is no error. */
export function deleteVeth(route: NetlinkSocket, hostVeth: string | number): Failure | undefined {
  const batch = new MessageWriter();
  deleteLink(batch, hostVeth);
  const refusal = route.request(batch);
  return refusal === undefined || refusal === 'ENODEV'
    ? undefined
    : failure('ENDPOINT_SETUP', `Failed to delete link ${hostVeth}: the kernel refused it with ${refusal}`);
}
