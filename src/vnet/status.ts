/**
 * STATUS: can ADD be served? 50 with the reason when not, 51 when running pods may be affected too.
 * Nothing is changed, and no call depends on STATUS having been made.
 */
import { parseNetworkConfig } from '../cni/config.ts';
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { NetlinkError } from '../net/netlink/socket.ts';
import { tableExists } from '../net/nft/read.ts';
import { linkByIndex, linkByName } from '../net/rtnl/link.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, type Result } from '../sys/result.ts';
import { SysError } from '../sys/sys.ts';
import { ENDPOINTS_DIR, listEndpoints } from './endpoint-record.ts';
import { readHostLinks, Sockets } from './host-links.ts';
import { ipamOf } from './ipam.ts';
import { L2_TABLE } from './l2-expressions.ts';
import { wrongRule } from './l2-rules.ts';
import { findMaster } from './master.ts';
import { type NetworkRecord, readNetwork } from './network-record.ts';

export function status(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const config = parseNetworkConfig(request);
  if (!config.ok) return config;
  let network: NetworkRecord | undefined;
  try {
    network = readNetwork(context.sys, context.log, request.networkName);
    listEndpoints(context.sys, context.log, ENDPOINTS_DIR);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(failure('NOT_AVAILABLE', `STATUS: the state cannot be read: ${error.message}`));
  }
  const sockets = new Sockets(context);
  const problem = netfilterProblem(sockets) ?? networkProblem(sockets, network, config.value.master);
  if (problem !== undefined) return err(problem);
  const ipam = ipamOf(context, request, config.value.ipamType, network).status();
  if (ipam.ok || ipam.error.cniCode !== undefined) return ipam;
  const known = ipam.error.code === 'NOT_AVAILABLE' || ipam.error.code === 'LIMITED_CONNECTIVITY';
  return err(known ? ipam.error : failure('NOT_AVAILABLE', `STATUS: ${ipam.error.message}`));
}

function netfilterProblem(sockets: Sockets): Failure | undefined {
  try {
    tableExists(sockets.netfilter, L2_TABLE);
    return undefined;
  } catch (error) {
    const reason =
      error instanceof NetlinkError ? error.errno : error instanceof SysError ? error.code : undefined;
    if (reason === undefined) throw error;
    return failure(
      'NOT_AVAILABLE',
      `STATUS: the kernel has no nf_tables for bridges (${reason}); load the module nf_tables`,
    );
  }
}

function networkProblem(
  sockets: Sockets,
  network: NetworkRecord | undefined,
  master: string | undefined,
): Failure | undefined {
  if (network === undefined) {
    if (master === undefined || linkByName(sockets.route, master) !== undefined) return undefined;
    return failure(
      'NOT_AVAILABLE',
      `STATUS: Failed to find the master interface: "${master}" does not exist`,
    );
  }
  const nic = linkByIndex(sockets.route, network.nicIndex);
  if (nic?.mac !== network.nicMac) {
    const found = findMaster(readHostLinks(sockets.route), network.subnet, master);
    if (!found.ok) return failure('LIMITED_CONNECTIVITY', `STATUS: ${found.error.message}`);
  }
  const bridge = linkByName(sockets.route, network.bridge);
  if (bridge?.up !== true || nic?.masterIndex !== bridge.index) {
    return failure(
      'LIMITED_CONNECTIVITY',
      `STATUS: bridge ${network.bridge} is gone, down or without ${network.nic}; the next ADD repairs it`,
    );
  }
  const wrong = wrongRule(sockets.netfilter, network);
  if (wrong === undefined) return undefined;
  return failure(
    'LIMITED_CONNECTIVITY',
    `STATUS: in table bridge ${L2_TABLE} ${wrong}; the next ADD repairs it`,
  );
}
