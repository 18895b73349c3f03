/**
 * Containers that are gone without a DEL: a runtime that was killed, or that forgets a sandbox when another
 * plugin fails, never says it, and without GC (CNI 1.1) their addresses would stay taken for ever.
 */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { listLinks } from '../net/rtnl/link.ts';
import { exists } from '../sys/exists.ts';
import { completeDel } from './complete-del.ts';
import { listEndpoints } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';

/**
 * Deletes the endpoints of this network whose host veth and sandbox are both gone; true when that freed
 * something. With the sandbox the kernel has removed the pair, so that neither can come back. A sandbox of which
 * only the path is there, such as that of a reused process id, is left to DEL and GC.
 */
export function removeVanished(context: PluginContext, sockets: Sockets, request: CniRequest): boolean {
  const { sys, log } = context;
  const links = new Set(listLinks(sockets.route).map(({ name }) => name));
  const removed = listEndpoints(sys, log)
    .filter(({ network, hostVeth }) => network === request.networkName && !links.has(hostVeth))
    .filter(({ sandbox }) => !exists(sys, sandbox))
    .map((record) => {
      log.note(
        'warn',
        `${record.containerId} ${record.ifname} is gone without a DEL; its address is taken back`,
      );
      return completeDel(context, sockets, request, record);
    });
  return removed.includes(undefined);
}
