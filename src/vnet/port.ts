/**
 * The port of a pod begins to work by itself, a little after the pod's interface has come up:
 *
 *   RTM_NEWLINK up ─► carrier on ─► work item of the kernel ─► port open, frames to the pod leave
 *
 * Until then the bridge drops what the pod sends, its announcement too, and the host veth what is for the pod.
 * net/core/link_watch.c, net/bridge/br_if.c
 */
import type { PluginContext } from '../cni/types.ts';
import type { NetlinkSocket } from '../net/netlink/socket.ts';
import { linkByName } from '../net/rtnl/link.ts';

/** How long it is waited for. It is a matter of microseconds, of milliseconds where processors are short. */
export const PORT_TIMEOUT_MS = 200;

/**
 * Waits until the host end of a pair works whose other end is up. Since Linux 6.8 the question alone has the
 * kernel do that work at once. A port that is late is no reason to fail: it opens without us.
 */
export function awaitPort({ sys, log }: PluginContext, route: NetlinkSocket, hostVeth: string): void {
  for (let waitedMs = 0; linkByName(route, hostVeth)?.running !== true; waitedMs++) {
    if (waitedMs === PORT_TIMEOUT_MS) {
      log.note('warn', `${hostVeth} does not work ${PORT_TIMEOUT_MS} ms after its pod's interface came up`);
      return;
    }
    sys.sleepMs(1);
  }
}
