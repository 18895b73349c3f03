/** Does an endpoint that ADD once made still stand? */
import type { CniResult, PluginContext } from '../cni/types.ts';
import { NETLINK_ROUTE, NetlinkSocket } from '../net/netlink/socket.ts';
import { linkByName } from '../net/rtnl/link.ts';
import type { Fd } from '../sys/sys.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { inSandbox } from './sandbox.ts';

/** True when the host veth is a port of the bridge and the sandbox has the interface with its MAC, up. */
export function stillConnected(
  { sys }: PluginContext,
  sockets: Sockets,
  record: EndpointRecord,
  result: CniResult,
  sandbox: Fd,
): boolean {
  const host = linkByName(sockets.route, record.hostVeth);
  const bridge = linkByName(sockets.route, record.bridge);
  if (host === undefined || bridge === undefined || host.masterIndex !== bridge.index) return false;
  const inside = inSandbox(sys, sandbox, record.sandbox, () => new NetlinkSocket(sys, NETLINK_ROUTE));
  if (!inside.ok) return false;
  const link = linkByName(inside.value, record.ifname);
  inside.value.close();
  const told = result.interfaces.find((item) => item.name === record.ifname && item.sandbox !== undefined);
  return link?.up === true && link.mac === told?.mac;
}
