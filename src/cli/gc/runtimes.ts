/** What runs, from those who run it. */
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { runProgram } from '../programs.ts';
import type { Running } from './plan.ts';

export const RUNTIMES = ['containerd', 'docker', 'netns'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Asks the runtime; the error is one line. A list that is not complete is no list. */
export function askRuntime(sys: Sys, runtime: Runtime): Result<Running, string> {
  switch (runtime) {
    case 'containerd':
      return byId(runtime, containerdIds(sys));
    case 'docker':
      return byId(runtime, listed(sys, ['docker', 'ps', '--quiet', '--no-trunc']));
    case 'netns':
      return ok({ by: 'sandbox' });
  }
}

function byId(runtime: Runtime, ids: Result<readonly string[], string>): Result<Running, string> {
  return ids.ok ? ok({ by: 'id', runtime, ids: new Set(ids.value) }) : ids;
}

/**
 * Containers and sandboxes of every namespace: `k8s.io` has the pods of Kubernetes under the ids that the plugin
 * got; `ctr run --cni` and nerdctl put the namespace before the id.
 */
function containerdIds(sys: Sys): Result<readonly string[], string> {
  const namespaces = listed(sys, ['ctr', 'namespaces', 'list', '--quiet']);
  // ctr waits for a socket that is not there, and says nothing.
  if (!namespaces.ok)
    return err(`${namespaces.error}; does containerd run, and is CONTAINERD_ADDRESS its socket?`);
  const ids: string[] = [];
  for (const namespace of namespaces.value) {
    const containers = listed(sys, ['ctr', '--namespace', namespace, 'containers', 'list', '--quiet']);
    const sandboxes = containers.ok ? sandboxesOf(sys, namespace) : containers;
    if (!containers.ok || !sandboxes.ok) return containers.ok ? sandboxes : containers;
    const all = [...containers.value, ...sandboxes.value];
    ids.push(...all.flatMap((id) => [id, `${namespace}-${id}`]));
  }
  return ok(ids);
}

/** Pods whose sandbox is no container, such as a virtual machine: containerd 1.7 and later know them. */
function sandboxesOf(sys: Sys, namespace: string): Result<readonly string[], string> {
  const argv = ['ctr', '--namespace', namespace, 'sandboxes', 'list'];
  const printed = runProgram(sys, argv);
  if (!printed.ok) return printed.error.includes("No help topic for 'sandboxes'") ? ok([]) : printed;
  const [head = '', ...rows] = printed.value.split('\n').filter((line) => line.trim() !== '');
  if (!/^ID\b/.test(head)) return err(`${argv.join(' ')}: no table: "${head.slice(0, 80)}"`);
  return ok(rows.map((row) => row.split(/\s+/)[0] ?? ''));
}

/** The lines of a program's output, which are ids. */
function listed(sys: Sys, argv: readonly string[]): Result<readonly string[], string> {
  const printed = runProgram(sys, argv);
  if (!printed.ok) return printed;
  const lines = printed.value.split('\n').filter((line) => line.trim() !== '');
  const strange = lines.find((line) => !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(line));
  return strange === undefined
    ? ok(lines)
    : err(`${argv.join(' ')}: no list of ids: "${strange.slice(0, 80)}"`);
}
