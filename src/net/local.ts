/** The links and addresses of the namespace that the process is in, through rtnetlink, read when needed. */
import type { Sys } from '../sys/sys.ts';
import type { Ipv4 } from './ipv4.ts';
import { NETLINK_ROUTE, NetlinkSocket } from './netlink/socket.ts';
import { listIpv4 } from './rtnl/address.ts';
import { type Link, linkByIndex, listLinks } from './rtnl/link.ts';

export class LocalNetwork {
  readonly #sys: Sys;
  #socket: NetlinkSocket | undefined;

  constructor(sys: Sys) {
    this.#sys = sys;
  }

  /** Every link. One message per pod: not for the hot path. */
  links(): readonly Link[] {
    return listLinks(this.#route());
  }

  link(index: number): Link | undefined {
    return linkByIndex(this.#route(), index);
  }

  /** The IPv4 addresses on all links. */
  addresses(): ReadonlySet<Ipv4> {
    return new Set(listIpv4(this.#route()));
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #route(): NetlinkSocket {
    this.#socket ??= new NetlinkSocket(this.#sys, NETLINK_ROUTE);
    return this.#socket;
  }
}
