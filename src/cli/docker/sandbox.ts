/** The network namespace of a running container, once it is certain that it is this container's. */
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { readIfAny, statIfAny } from '../files.ts';
import type { DockerContainer } from './container.ts';

type Running = Pick<DockerContainer, 'id' | 'pid' | 'networkMode' | 'sandboxKey'>;

/**
 * Path of the namespace: docker's own file for it, which belongs to this one start of the container, else that of
 * its process. The error says why the container cannot be attached, in one line.
 */
export function sandboxOf(sys: Sys, { id, pid, networkMode, sandboxKey }: Running): Result<string, string> {
  if (pid === 0) return err('it does not run');
  if (networkMode !== 'none') return err(`its network is "${networkMode}"; make it with --network none`);
  if (sandboxKey.startsWith('/run/user/')) return err('rootless Docker cannot attach containers to the VNet');
  const byProcess = `/proc/${pid}/ns/net`;
  const found = statIfAny(sys, byProcess);
  if (found === undefined) return err(elsewhere(pid));
  if (found.inode === statIfAny(sys, '/proc/self/ns/net')?.inode)
    return err('it is in the network of the node');
  const named = sandboxKey === '' ? undefined : statIfAny(sys, sandboxKey);
  if (named?.dev === found.dev && named.inode === found.inode) return ok(sandboxKey);
  // A daemon on another machine names processes of its own, whose numbers others have here.
  return readIfAny(sys, `/proc/${pid}/cgroup`)?.includes(id) === true ? ok(byProcess) : err(elsewhere(pid));
}

function elsewhere(pid: number): string {
  return `its process ${pid} is not on this node; DOCKER_HOST and the docker context must name the daemon of this node`;
}
