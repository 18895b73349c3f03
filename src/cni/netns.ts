/** Is CNI_NETNS the plugin's own namespace? */
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type Sys, SysError } from '../sys/sys.ts';
import type { CniEnvironment } from './types.ts';

/**
 * Error 8 when CNI_NETNS is the namespace of the plugin itself: working there would take the host's own
 * interfaces for the container's. A path that cannot be opened, or none, passes here.
 */
export function checkOwnNamespace(
  sys: Sys,
  env: Pick<CniEnvironment, 'netns' | 'netnsOverride'>,
): Result<void, Failure> {
  if (env.netnsOverride || env.netns === '') return ok(undefined);
  const given = identityOf(sys, env.netns);
  if (given === undefined || given !== identityOf(sys, '/proc/self/ns/net')) return ok(undefined);
  return err(
    failure('INVALID_NETNS', "plugin's netns and netns from CNI_NETNS should not be the same", env.netns),
  );
}

/** A namespace is the same when device and inode of its file are (namespaces(7)). */
function identityOf(sys: Sys, path: string): string | undefined {
  try {
    const { dev, inode } = sys.stat(path, true);
    return `${dev}:${inode}`;
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
