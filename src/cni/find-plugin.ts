/** Plugins as files: where CNI_PATH has one, and whether it is this very executable. */
import { type Failure, failure } from '../sys/failure.ts';
import { OWN_EXECUTABLE, PATH_SEPARATORS, PROGRAM_SUFFIX } from '../sys/platform.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { type FileStat, type Sys, SysError } from '../sys/sys.ts';

export interface FoundPlugin {
  readonly path: string;
  readonly dev: string;
  readonly inode: string;
}

/** The first regular file called `name` in the directories of CNI_PATH; links are followed. */
export function findPlugin(sys: Sys, name: string, path: readonly string[]): Result<FoundPlugin, Failure> {
  if (name === '' || PATH_SEPARATORS.test(name)) {
    return err(failure('INVALID_CONFIG', `ipam.type: invalid plugin name "${name}"`));
  }
  for (const directory of path) {
    const file = `${directory.replace(/[\\/]+$/, '')}/${name}${PROGRAM_SUFFIX}`;
    const stat = statIfAny(sys, file);
    if (stat?.type === 'file') return ok({ path: file, dev: stat.dev, inode: stat.inode });
  }
  const text = `failed to find plugin "${name}" in path [${path.join(' ')}]`;
  return err(failure('PLUGIN_NOT_FOUND', text));
}

/** True when the file is the executable of this process, by whatever name: IPAM can run in this process. */
export function isSelf(sys: Sys, plugin: FoundPlugin): boolean {
  const self = statIfAny(sys, OWN_EXECUTABLE);
  return self !== undefined && self.dev === plugin.dev && self.inode === plugin.inode;
}

function statIfAny(sys: Sys, path: string): FileStat | undefined {
  try {
    return sys.stat(path, true);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
