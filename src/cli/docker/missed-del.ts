/** The DEL that a container of ours never got, because it was removed past us. */
import { ok } from '../../sys/result.ts';
import type { EndpointRecord } from '../../vnet/endpoint-record.ts';
import { type Call, cniPath } from '../command.ts';
import { detach, IFNAME } from './attach.ts';
import { withContainerLock } from './locks.ts';
import { readDockerRecord } from './records.ts';

/**
 * Runs it through the whole chain, as nobody but us knows what ADD was given: so the rules of portmap go as well.
 * Undefined when there is no record of this attachment; otherwise what could not be taken back, one line each.
 */
export function delThroughChain(
  call: Call,
  { containerId, ifname, sandbox }: EndpointRecord,
): readonly string[] | undefined {
  const { sys } = call;
  const isOnRecord = () => readDockerRecord(sys, containerId)?.netns === sandbox;
  if (ifname !== IFNAME || sandbox === '' || !isOnRecord()) return undefined;
  const left = withContainerLock(sys, containerId, () => {
    // Looked up again: it may have been attached anew, or detached, while we waited.
    const record = readDockerRecord(sys, containerId);
    return ok(record?.netns === sandbox ? detach(sys, record, cniPath(call)) : []);
  });
  return left.ok ? left.value : [left.error];
}
