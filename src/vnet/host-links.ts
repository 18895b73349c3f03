/** The links and addresses of the host, read once for a decision. */
import type { PluginContext } from '../cni/types.ts';
import type { Ipv4Net } from '../net/cidr.ts';
import type { MacAddress } from '../net/mac.ts';
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import { AF_INET, ipv4NetOf, listAddresses } from '../net/rtnl/address.ts';
import { addBridge, indexOfLink, type Link, linkByName, listLinks, setLink } from '../net/rtnl/link.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { HostLinks } from './master.ts';

/** The sockets of one call, opened in the namespace of the host when they are first needed. */
export class Sockets {
  readonly #context: PluginContext;
  #route: NetlinkSocket | undefined;
  #netfilter: NetlinkSocket | undefined;

  constructor(context: PluginContext) {
    this.#context = context;
  }

  get route(): NetlinkSocket {
    this.#route ??= new NetlinkSocket(this.#context.sys, NETLINK_ROUTE);
    return this.#route;
  }

  get netfilter(): NetlinkSocket {
    this.#netfilter ??= new NetlinkSocket(this.#context.sys, NETLINK_NETFILTER);
    return this.#netfilter;
  }

  /** For who goes on after this work: a call of the plugin ends, and its descriptors with it. */
  close(): void {
    this.#route?.close();
    this.#netfilter?.close();
  }

  /** Index of a link of the host; undefined when there is none of this name. */
  linkIndex(name: string): number | undefined {
    return indexOfLink(this.route, name);
  }
}

export function readHostLinks(route: NetlinkSocket): HostLinks {
  const addresses = new Map<number, Ipv4Net[]>();
  for (const address of listAddresses(route, AF_INET)) {
    const net = ipv4NetOf(address);
    if (net === undefined) continue;
    addresses.set(address.linkIndex, [...(addresses.get(address.linkIndex) ?? []), net]);
  }
  return { links: listLinks(route), addresses };
}

/**
 * The bridge of this name with the MAC and MTU of its NIC, up; created when it is missing. The MAC is
 * set explicitly: a bridge takes the lowest of its ports' otherwise, and the node changes identity.
 */
export function ensureBridge(
  route: NetlinkSocket,
  name: string,
  nic: { readonly mac: MacAddress; readonly mtu: number },
): Result<Link, Failure> {
  const batch = new MessageWriter();
  const existing = linkByName(route, name);
  if (existing === undefined) addBridge(batch, { name, ...nic });
  else if (existing.kind !== 'bridge') {
    const what = existing.kind ?? 'NIC';
    return err(
      failure(
        'NETWORK_SETUP',
        `Failed to create bridge ${name}: a ${what} of that name exists; remove it or set "bridge" to another name`,
      ),
    );
  } else if (existing.mac !== nic.mac || existing.mtu !== nic.mtu || !existing.up)
    setLink(batch, existing.index, { mac: nic.mac, mtu: nic.mtu, up: true });
  const refusal = route.request(batch);
  // Another call may have created it between the look and the request.
  if (refusal !== undefined && refusal !== 'EEXIST') {
    return err(
      failure('NETWORK_SETUP', `Failed to create bridge ${name}: the kernel refused it with ${refusal}`),
    );
  }
  const bridge = linkByName(route, name);
  return bridge?.kind === 'bridge'
    ? ok(bridge)
    : err(failure('NETWORK_SETUP', `Failed to create bridge ${name}: it is not there after its creation`));
}
