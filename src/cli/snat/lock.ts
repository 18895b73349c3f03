/** One azure-vnet snat at a time. */
import { ensureDirectory } from '../../state/directories.ts';
import { STATE_ROOT } from '../../state/paths.ts';
import type { Sys } from '../../sys/sys.ts';

/** Two at once would both see no rule and both add one. */
export function holdLock(sys: Sys): { readonly locked: boolean; release(): void } {
  ensureDirectory(sys, STATE_ROOT);
  const fd = sys.open(LOCK_PATH, { write: true, create: true, noFollow: true });
  return { locked: sys.lock(fd, LOCK_TIMEOUT_MS), release: () => sys.close(fd) };
}

const LOCK_PATH = `${STATE_ROOT}/snat.lock`;
export const LOCK_TIMEOUT_MS = 15_000;
