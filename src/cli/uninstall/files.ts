/** What was installed, for uninstall. */
import type { Sys } from '../../sys/sys.ts';
import { type ConflistFile, OWN_PLUGIN } from '../conflists.ts';
import { statIfAny } from '../files.ts';
import { spawn } from '../programs.ts';

const OWN_PROGRAMS = [OWN_PLUGIN, 'azure-vnet-ipam'] as const;

/** The configurations that name our plugin, and our programs in the directories of the plugins. */
export function installedFiles(
  sys: Sys,
  conflists: readonly ConflistFile[],
  cniPath: readonly string[],
): string[] {
  const configurations = conflists
    .filter(({ list }) => list.ok && list.value.plugins.some(({ type }) => type === OWN_PLUGIN))
    .map(({ path }) => path);
  const programs = cniPath
    .flatMap((directory) => OWN_PROGRAMS.map((name) => `${directory}/${name}`))
    .filter((path) => isOurs(sys, path));
  return [...configurations, ...programs];
}

/** True for this very executable, and for another version of it: it says so. */
function isOurs(sys: Sys, path: string): boolean {
  const found = statIfAny(sys, path);
  const self = statIfAny(sys, '/proc/self/exe');
  if (found?.type !== 'file') return false;
  if (found.dev === self?.dev && found.inode === self.inode) return true;
  const said = spawn(sys, [path, '--version'], '', {});
  return said.ok && said.value.stdout.startsWith('Azure CNI Version ');
}
