/** What the path of a sandbox is today. */
import { type Sys, SysError } from '../../sys/sys.ts';

/**
 * `other`: something is there that is no namespace, such as the file on which one was mounted. `host`: the
 * namespace of the node, which the id of a process that is reused can lead to.
 */
export type SandboxState = 'namespace' | 'gone' | 'other' | 'host';

/** Looks without entering: all namespaces are files of one file system, so they share its device. */
export function sandboxState(sys: Sys, path: string): SandboxState {
  const own = sys.stat('/proc/self/ns/net', true);
  try {
    const found = sys.stat(path, true);
    if (found.dev !== own.dev) return 'other';
    return found.inode === own.inode ? 'host' : 'namespace';
  } catch (error) {
    if (error instanceof SysError) return 'gone';
    throw error;
  }
}
