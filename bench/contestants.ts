/** The two pairs of plugins, and what a runtime would call them with. */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm } from '../lab/lab.ts';
import { BUILT, CACHE, ROOT } from '../scripts/build/paths.ts';
import { type ConfList, parseConfList } from '../src/cni/runtime/conflist.ts';

export interface Contestant {
  readonly title: string;
  readonly list: ConfList;
  readonly cniPath: readonly string[];
  /** The files that have to be on a node. */
  readonly programs: readonly string[];
  /** True when nothing of an earlier DEL goes on in the background. */
  readonly isQuiet: (vm: Vm) => boolean;
}

/** Where the plugins are linked that a benchmark runs. */
export const OUR_DIRECTORY = join(CACHE, 'bench/azure-vnet');
const THEIR_DIRECTORY = '/usr/lib/cni';

/** The conflist of this project without portmap, which is the same program for both. */
export function azureVnet(pendingDirectory: (vm: Vm) => readonly string[]): Contestant {
  const shipped = JSON.parse(readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8'));
  const plugins = shipped.plugins.filter(({ type }: { type: string }) => type === 'azure-vnet');
  return {
    title: 'azure-vnet',
    list: parsed({ ...shipped, plugins }),
    cniPath: [OUR_DIRECTORY],
    programs: [join(BUILT, 'azure-vnet')],
    isQuiet: (vm) => pendingDirectory(vm).length === 0,
  };
}

/** Links the plugins as they are now, so that a build in the meantime takes nothing away. */
export function keepBuilt(): void {
  rmSync(OUR_DIRECTORY, { recursive: true, force: true });
  mkdirSync(OUR_DIRECTORY, { recursive: true });
  for (const name of ['azure-vnet', 'azure-vnet-ipam'])
    linkSync(join(BUILT, name), join(OUR_DIRECTORY, name));
}

/** Debian's plugins with the options that do the same: default route, hairpin, addresses of one subnet. */
export function bridgeAndHostLocal(): Contestant {
  const ranges = [[{ subnet: '10.88.0.0/16' }]];
  const bridge = { type: 'bridge', bridge: 'cni0', isDefaultGateway: true, hairpinMode: true };
  const plugins = [{ ...bridge, ipam: { type: 'host-local', ranges } }];
  return {
    title: 'bridge+host-local',
    list: parsed({ cniVersion: '0.3.0', name: 'bench', plugins }),
    cniPath: [THEIR_DIRECTORY],
    programs: ['bridge', 'host-local'].map((name) => join(THEIR_DIRECTORY, name)),
    isQuiet: () => true,
  };
}

/** Bytes on disk; hard links count once. */
export function sizeBytes({ programs }: Contestant): number {
  return programs.reduce((sum, path) => sum + statSync(path).size, 0);
}

function parsed(document: object): ConfList {
  const list = parseConfList(JSON.stringify(document));
  if (!list.ok) throw new Error(`Internal error: ${list.error}`);
  return list.value;
}
