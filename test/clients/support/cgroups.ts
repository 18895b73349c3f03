/**
 * Control groups of containers. They are in no namespace of the lab: what a runtime leaves there is the machine's, and
 * stays when the VM ends. So containers get a parent named after the lab, and it is removed with the lab.
 */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../../lab/lab.ts';

/** The parent for the containers of a lab, as runtimes take it. */
export function cgroupParent(lab: Lab): string {
  return `/azure-vnet-${lab.name}`;
}

/** podman's own parent, in place of which nobody can name another for `play kube`. */
export const PODMAN_PARENT = '/libpod_parent';

/** That of containerd, for the containers of a kubelet with `cgroupsPerQOS: false`: such a kubelet names none. */
export const KUBELET_PARENT = '/k8s.io';

/** Removes a parent from each hierarchy, once the processes in it have ended. One that stays in use stays. */
export async function removeCgroups(parent: string): Promise<void> {
  const paths = [CGROUPS, ...hierarchies()].map((root) => join(root, parent));
  const deadline = performance.now() + END_LIMIT_MS;
  for (;;) {
    const busy = paths.filter((path) => !removeTree(path));
    if (busy.length === 0 || performance.now() > deadline) return;
    await sleep(20);
  }
}

/** With version 1 there is one for each controller. */
function hierarchies(): string[] {
  const entries = readdirSync(CGROUPS, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(CGROUPS, name));
}

/** Control groups go by rmdir(2), the innermost first; their files go with them. False when one is in use. */
function removeTree(path: string): boolean {
  if (!existsSync(path)) return true;
  const inner = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!inner.every(({ name }) => removeTree(join(path, name)))) return false;
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}

const CGROUPS = '/sys/fs/cgroup';
const END_LIMIT_MS = 20_000;
