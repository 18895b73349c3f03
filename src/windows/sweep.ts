/** Completes what calls of this network have left that were interrupted: every call does so before its own work. */
import { recordName } from '../state/paths.ts';
import { listRecords } from '../state/records.ts';
import type { WindowsCall } from './call.ts';
import { exclusively, lockOfAttachment } from './exclusive.ts';
import { type EndpointRecord, listEndpoints, readEndpoint, UNFINISHED_DIR } from './records.ts';
import { takeDown } from './take-down.ts';

/** One call completes at most so much of others; the next call goes on. */
const MAX_SWEPT = 4;

/**
 * The call's own attachment is left to it. What another process is at is locked, and left to that. With nothing
 * unfinished this is one look at a directory.
 */
export function sweep(call: WindowsCall): void {
  const { sys, log } = call.context;
  const { networkName, env } = call.request;
  const own = recordName(networkName, env.containerId, env.ifname);
  if (listRecords(sys, UNFINISHED_DIR).every((file) => file === own)) return;
  const others = listEndpoints(sys, log, UNFINISHED_DIR).filter(
    (record) =>
      record.network === networkName &&
      !(record.containerId === env.containerId && record.ifname === env.ifname),
  );
  for (const record of others.slice(0, MAX_SWEPT)) complete(call, record);
}

function complete(call: WindowsCall, record: EndpointRecord): void {
  const { sys, log } = call.context;
  exclusively(call.context, lockOf(record), 0, () => {
    const still = readEndpoint(sys, log, UNFINISHED_DIR, record.network, record);
    if (still === undefined) return;
    log.note('info', `completing the interrupted call for ${still.containerId} ${still.ifname}`);
    const failed = takeDown(call, still);
    if (failed !== undefined) log.note('warn', `it failed, the next call tries again: ${failed.message}`);
  });
}

/** Containers that share an endpoint share the lock of the one that it is of. */
export function lockOf({ network, containerId, ifname, infraId }: EndpointRecord): string {
  return lockOfAttachment(network, infraId ?? containerId, ifname);
}
