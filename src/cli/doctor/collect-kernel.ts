/** Asks the kernel for what an ADD will ask of it, in ways that leave nothing behind. */
import type { PluginContext } from '../../cni/types.ts';
import { type MacAddress, macBytes } from '../../net/mac.ts';
import { NetlinkError, type NetlinkSocket } from '../../net/netlink/socket.ts';
import { MessageWriter, NLM_F_CREATE, NLM_F_EXCL } from '../../net/netlink/writer.ts';
import { NftTransaction, TYPE_ETHER, TYPE_IPV4 } from '../../net/nft/transaction.ts';
import { SysError } from '../../sys/sys.ts';
import { Sockets } from '../../vnet/host-links.ts';
import { LOCAL_IPS, POD_MACS, POSTROUTING, PREROUTING, rulesOf } from '../../vnet/l2-expressions.ts';
import type { KernelFacts } from './kernel.ts';

export function collectKernel(context: PluginContext): KernelFacts {
  const sockets = new Sockets(context);
  return {
    nfTables: answerOf(() => probeNfTables(sockets.netfilter)),
    veth: answerOf(() => probeLinkKind(sockets.route, 'veth')),
    bridge: answerOf(() => probeLinkKind(sockets.route, 'bridge')),
  };
}

/**
 * One transaction that makes a table like ours and deletes it again: the kernel checks every part, and nobody
 * ever sees it. Loads modules, as an ADD would.
 */
function probeNfTables(socket: NetlinkSocket): string {
  const transaction = new NftTransaction(PROBE_TABLE).table();
  transaction.set(POD_MACS, TYPE_IPV4, TYPE_ETHER).set(LOCAL_IPS, TYPE_IPV4);
  transaction.chain(PREROUTING, 0, -300).chain(POSTROUTING, 4, 300);
  const uplink = { bridge: 'probe', nicIndex: 1, nicMac: MULTICAST_MAC, viaHost: [] };
  for (const { chain, expressions } of rulesOf(uplink)) transaction.rule(chain, 'probe', expressions);
  const refusal = transaction.deleteTable().commit(socket)[0];
  return refusal === undefined ? 'ok' : `${refusal.errno} for ${refusal.label}`;
}

/**
 * Asks for a link with a multicast address. A kernel that has the kind refuses the address, before anything
 * is made (rtnl_link_ops.validate); one that lacks it refuses the kind.
 */
function probeLinkKind(socket: NetlinkSocket, kind: string): string {
  const request = new MessageWriter().begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.bytes(new Uint8Array(IFINFO_BYTES));
  request.attrString(IFLA_IFNAME, PROBE_LINK).attr(IFLA_ADDRESS, macBytes(MULTICAST_MAC));
  request.nest(IFLA_LINKINFO, () => request.attrString(IFLA_INFO_KIND, kind)).end();
  const refusal = socket.request(request);
  if (refusal === undefined) throw new Error(`Internal error: a ${kind} with a multicast address was made`);
  return refusal === 'EADDRNOTAVAIL' ? 'ok' : refusal;
}

function answerOf(probe: () => string): string {
  try {
    return probe();
  } catch (error) {
    if (error instanceof NetlinkError) return error.errno;
    if (error instanceof SysError) return error.code;
    throw error;
  }
}

const PROBE_TABLE = 'azure-vnet-probe';
const PROBE_LINK = 'azv-probe';
const MULTICAST_MAC = '01:00:00:00:00:00' as MacAddress;

/* linux/rtnetlink.h, linux/if_link.h */
const RTM_NEWLINK = 16;
const IFINFO_BYTES = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
