/** azure-vnet docker del: the counterpart of run. Fine when the container is gone already. */
import { err, ok, type Result } from '../../sys/result.ts';
import { type Call, cniPath, STATUS_OK, STATUS_PROBLEMS, STATUS_USAGE } from '../command.ts';
import { detach } from './attach.ts';
import { Docker } from './client.ts';
import { withContainerLock } from './locks.ts';
import { problemOfName, problemOfNamespace } from './names.ts';
import { readDockerRecord, readRecords, removeDockerRecord } from './records.ts';

export function del(call: Call): number {
  const { out, given, log } = call;
  const [name = '', namespace = ''] = given.words ?? [];
  const problem = problemOfName(name) ?? problemOfNamespace(namespace);
  if (problem !== undefined) {
    out.complain(`azure-vnet: ${problem}\n`);
    return STATUS_USAGE;
  }
  const removed = remove(call, name, namespace);
  if (!removed.ok) {
    log.set('error', removed.error);
    out.complain(`azure-vnet: ${name}: ${removed.error}\n`);
    return STATUS_PROBLEMS;
  }
  const what = removed.value ? 'removed' : 'there is no such container, nothing to remove';
  out.print(`${name}: ${what}\n`);
  return STATUS_OK;
}

/** True when there was something. */
function remove(call: Call, name: string, namespace: string): Result<boolean, string> {
  const { sys, log } = call;
  const docker = Docker.find(sys);
  if (!docker.ok) return docker;
  const found = docker.value.inspect([name]);
  if (!found.ok) return found;
  // docker also takes the beginning of an id for a name.
  const container = found.value.find((one) => one.name === name);
  if (container !== undefined && container.namespace !== namespace) {
    return err(
      container.namespace === undefined
        ? `docker-run.sh has not made this container; docker rm --force ${name} removes it`
        : `the container is in namespace ${container.namespace}, not in ${namespace}`,
    );
  }
  // Records of containers of this name that were removed past us come with it.
  const ids = readRecords(sys)
    .filter((record) => record.name === name && record.namespace === namespace)
    .map(({ containerId }) => containerId);
  const all = new Set([...(container === undefined ? [] : [container.id]), ...ids]);
  for (const id of all) {
    log.set('container', id);
    const done = withContainerLock(sys, id, () => removeOne(call, docker.value, id));
    if (!done.ok) return done;
  }
  return ok(all.size > 0);
}

/** The network first, while its namespace is there; the container stays when that fails, to try again. */
function removeOne(call: Call, docker: Docker, id: string): Result<void, string> {
  const { sys } = call;
  const record = readDockerRecord(sys, id);
  const left = record === undefined || record.netns === '' ? [] : detach(sys, record, cniPath(call));
  if (left.length > 0) return err(left.join('; '));
  const removed = docker.remove(id);
  if (removed.ok) removeDockerRecord(sys, id);
  return removed;
}
