/**
 * The sandbox of a container: its network namespace, entered for as short as possible.
 *
 *   host namespace             sandbox
 *   azure0 ── azv1a2b… ═══════ eth0 10.240.0.5/16, default via 10.240.0.1
 */
import type { PluginContext } from '../cni/types.ts';
import type { Ipv4Net } from '../net/cidr.ts';
import type { MacAddress } from '../net/mac.ts';
import { NETLINK_ROUTE, NetlinkSocket, type Refusal } from '../net/netlink/socket.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import { addIpv4 } from '../net/rtnl/address.ts';
import { askLink, indexIn, setLink, setUpByName } from '../net/rtnl/link.ts';
import { addIpv4Route, type Ipv4Route } from '../net/rtnl/route.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type Fd, isErrno, type Sys, SysError } from '../sys/sys.ts';

const OWN_NETNS = '/proc/self/ns/net';

/**
 * Opens the namespace of CNI_NETNS and sees that it is one, before anything is made for it. The caller
 * closes it.
 */
export function openSandbox(sys: Sys, path: string): Result<Fd, Failure> {
  let fd: Fd;
  try {
    fd = sys.open(path, { read: true });
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(failure('INVALID_NETNS', `Failed to open the network namespace ${path}: ${error.code}`));
  }
  const entered = inSandbox(sys, fd, path, () => undefined);
  if (entered.ok) return ok(fd);
  sys.close(fd);
  return entered;
}

/**
 * Runs `work` in another network namespace and comes back, also when it throws. Sockets that `work`
 * opens stay in that namespace. Fails with INVALID_NETNS when `fd` is no network namespace.
 */
export function inSandbox<T>(sys: Sys, fd: Fd, path: string, work: () => T): Result<T, Failure> {
  const home = sys.open(OWN_NETNS, { read: true });
  try {
    try {
      sys.setNetns(fd);
    } catch (error) {
      if (!isErrno(error, 'EINVAL', 'ENOTTY')) throw error;
      return err(failure('INVALID_NETNS', `${path} is not a network namespace; CNI_NETNS must name one`));
    }
    try {
      return ok(work());
    } finally {
      sys.setNetns(home);
    }
  } finally {
    sys.close(home);
  }
}

export interface SandboxInterface {
  readonly ifname: string;
  readonly mac: MacAddress;
  readonly addresses: readonly Ipv4Net[];
  /** In order; the link index is that of the interface. */
  readonly routes: readonly Omit<Ipv4Route, 'linkIndex'>[];
}

/** A route socket in the namespace, opened after the per-interface settings were written there. */
export function openSandboxSocket(sys: Sys, ifname: string): NetlinkSocket {
  // The kernel announces the addresses by gratuitous ARP: see `configureInterface`.
  writeSysctl(sys, `/proc/sys/net/ipv4/conf/${ifname}/arp_notify`, '1');
  writeSysctl(sys, `/proc/sys/net/ipv6/conf/${ifname}/accept_ra`, '0');
  return new NetlinkSocket(sys, NETLINK_ROUTE);
}

/** Brings the interface up, before it has an address; its index. */
export function bringUp(socket: NetlinkSocket, ifname: string): Result<number, Failure> {
  const batch = new MessageWriter();
  setUpByName(batch, ifname);
  askLink(batch, 0, ifname);
  const answer = socket.query(batch);
  return typeof answer === 'string' ? err(refused(ifname, 'state', answer)) : ok(indexIn(answer));
}

/**
 * Gives the interface, which is up, its addresses and routes: one batch. Between them its MAC address is
 * set to what it is: the kernel takes that, like coming up, for a reason to announce the addresses.
 */
export function configureInterface(
  { log }: PluginContext,
  socket: NetlinkSocket,
  linkIndex: number,
  wanted: SandboxInterface,
): Failure | undefined {
  const { ifname, mac } = wanted;
  const batch = new MessageWriter();
  for (const net of wanted.addresses) addIpv4(batch, linkIndex, net);
  setLink(batch, linkIndex, { mac });
  const firstRoute = batch.count;
  for (const route of wanted.routes) addIpv4Route(batch, { ...route, linkIndex });
  // A route that exists is one the kernel made for an address.
  const isFatal = ({ index, errno }: Refusal) => !(index >= firstRoute && errno === 'EEXIST');
  const refusal = log.step('configure interface', () => socket.execute(batch)).find(isFatal);
  if (refusal === undefined) return undefined;
  const what = refusal.index >= firstRoute ? `route ${refusal.index - firstRoute + 1}` : 'address';
  return refused(ifname, what, refusal.errno);
}

function refused(ifname: string, what: string, why: string): Failure {
  return failure('ENDPOINT_SETUP', `Failed to set up ${ifname}: the kernel refused its ${what} with ${why}`);
}

/** Settings of a protocol that the kernel lacks (IPv6 disabled) are not needed. */
function writeSysctl(sys: Sys, path: string, value: string): void {
  try {
    const fd = sys.open(path, { write: true });
    try {
      const bytes = sys.encodeUtf8(value);
      sys.write(fd, bytes, 0, bytes.length);
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
