/** Completes deletions that another call has begun: of an interrupted one, of one whose child is under way. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { recordName } from '../state/paths.ts';
import type { Failure } from '../sys/failure.ts';
import { CLAIM_WAIT_MS, exclusively } from './claim.ts';
import { type EndpointRecord, listEndpoints, PENDING_DIR } from './endpoint-record.ts';
import type { Sockets } from './host-links.ts';
import { beginDel, finish } from './leaving.ts';

/** A detached child needs 20 ms; a record that is older belongs to one that was interrupted. */
const INTERRUPTED_AFTER_MS = 2000;
/** One call completes at most so many deletions of others, 20 ms each; the next call goes on. */
const MAX_SWEPT = 4;
/** So many of the records that a burst of DELs leaves are looked at, the last: in the order of tmpfs the oldest. */
const MAX_LOOKED_AT = 8;

/** The whole DEL of an endpoint on record at once: waits for the kernel. */
export function completeDel(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  record: EndpointRecord,
): Failure | undefined {
  const pending = beginDel(context, record);
  return pending === undefined
    ? finish(context, sockets, request, record, true)
    : completePending(context, sockets, request, pending);
}

/** The rest of a DEL that has begun: waits for the kernel, and for another process as `exclusively` says. */
export function completePending(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  record: EndpointRecord,
  waitMs = CLAIM_WAIT_MS,
): Failure | undefined {
  return exclusively(context, record, waitMs, () => finish(context, sockets, request, record, false));
}

/**
 * Completes those deletions of this network among these pending records that were interrupted, and the one of
 * this very attachment however young it is.
 */
export function sweep(
  context: PluginContext,
  sockets: Sockets,
  request: CniRequest,
  files: readonly string[],
): void {
  const { sys, log } = context;
  const { networkName, env } = request;
  const own = recordName(networkName, env.containerId, env.ifname);
  const isOwn = (record: EndpointRecord) =>
    record.containerId === env.containerId && record.ifname === env.ifname;
  const looked = files.filter((file, i) => file === own || i >= files.length - MAX_LOOKED_AT);
  const due = listEndpoints(sys, log, PENDING_DIR, looked).filter(
    (record) =>
      record.network === networkName &&
      (isOwn(record) || Math.abs(sys.realtimeMs() - record.sinceMs) > INTERRUPTED_AFTER_MS),
  );
  for (const record of due.slice(0, MAX_SWEPT)) {
    log.note('info', `completing the interrupted DEL of ${record.containerId} ${record.ifname}`);
    const failed = completePending(context, sockets, request, record, isOwn(record) ? CLAIM_WAIT_MS : 0);
    if (failed !== undefined) log.note('warn', `it failed, the next call tries again: ${failed.message}`);
  }
}

/** Completes pending deletions whose interface still occupies the name in this sandbox. */
export function freeSandbox(context: PluginContext, sockets: Sockets, request: CniRequest): void {
  const { netns, ifname } = request.env;
  for (const record of listEndpoints(context.sys, context.log, PENDING_DIR)) {
    if (record.sandbox !== netns || record.ifname !== ifname) continue;
    const failed = completePending(context, sockets, request, record);
    if (failed !== undefined) context.log.note('warn', failed.message);
  }
}
