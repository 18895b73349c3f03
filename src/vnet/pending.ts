/**
 * DEL in two parts. The pod leaves the network at once: port, rules, neighbour, records, address. The
 * link itself, whose removal costs the kernel some 20 ms, is left to a detached child; a record in
 * pending/ stands for it until it is gone, so that a part that was interrupted is completed later.
 */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { NETLINK_ROUTE, NetlinkSocket } from '../net/netlink/socket.ts';
import type { Link } from '../net/rtnl/link.ts';
import { listRecords } from '../state/records.ts';
import type { Failure } from '../sys/failure.ts';
import { CLAIM_WAIT_MS, exclusively } from './claim.ts';
import { sweep } from './complete-del.ts';
import { deleteVeth } from './endpoint.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  PENDING_DIR,
  readEndpoint,
  removeEndpoint,
} from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { beginDel, finish } from './leaving.ts';

/** DEL leaves the processor to its child for so long: then the child has usually begun to delete the link. */
const CHILD_START_US = 1000;

/** DEL of an endpoint on record: off the network when this returns, its link in the hands of a child. */
export function delEndpoint(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  record: EndpointRecord,
): Failure | undefined {
  const pending = beginDel(context, record);
  let left = undefined as Link | undefined;
  const leave = (link: Link) => {
    left = link;
  };
  const work = () => finish(context, sockets, request, pending ?? record, true, pending && leave);
  const failed = pending ? exclusively(context, pending, CLAIM_WAIT_MS, work) : work();
  if (pending && left) return removeLinkDetached(context, sockets, pending, left);
  closeDetached(context);
  return failed;
}

/**
 * Completes deletions of this network that were interrupted, and the one of this very attachment
 * however young it is. With nothing pending this is one look at a directory.
 */
export function sweepPending(context: PluginContext, sockets: Sockets, request: CniRequest): void {
  const files = listRecords(context.sys, PENDING_DIR);
  if (files.length > 0) sweep(context, sockets, request, files);
}

/**
 * Leaves the removal of the link to a detached child. The kernel takes the interface out of the
 * sandbox and frees it, which is a waiting of its own, without us, unless the container has another interface.
 */
function removeLinkDetached(
  context: PluginContext,
  sockets: Sockets,
  record: EndpointRecord,
  { index }: Link,
): Failure | undefined {
  const { sys, log } = context;
  const startedUs = sys.monotonicUs();
  if (sys.detach() === 'child') {
    // A route socket of its own: answers to the parent's must not be mixed with the child's. By its index: a
    // link of the same name may be that of the next ADD, which did not wait for this child to be scheduled.
    const failed = deleteVeth(new NetlinkSocket(sys, NETLINK_ROUTE), index);
    if (failed === undefined) {
      exclusively(context, record, 0, () => {
        const { sinceMs } = readEndpoint(sys, log, PENDING_DIR, record.network, record) ?? {};
        if (sinceMs === record.sinceMs) removeEndpoint(sys, PENDING_DIR, record);
        return undefined;
      });
    }
    sys.exit(failed ? 1 : 0);
  }
  // What the container sends by another interface of ours would go to this one, which is stopped, until the child comes.
  const isOfContainer = (name: string) => name.includes(`@${record.containerId}@`);
  if (listRecords(sys, ENDPOINTS_DIR).some(isOfContainer)) return deleteVeth(sockets.route, index);
  sys.sleepUntilUs(startedUs + CHILD_START_US);
  return undefined;
}

/**
 * Leaves the end of the netfilter socket to a detached child: the kernel lets go of it only when what was
 * deleted through it is freed, some 10 ms.
 */
function closeDetached({ sys }: PluginContext): void {
  if (sys.detach() === 'child') sys.exit(0);
}
