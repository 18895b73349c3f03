/** The network configurations of the node: the directory that container runtimes read. */
import { type ConfList, parseConfList } from '../cni/runtime/conflist.ts';
import type { JsonObject } from '../cni/types.ts';
import { err, type Result } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';
import { namesIn, readIfAny } from './files.ts';

export const OWN_PLUGIN = 'azure-vnet';

export interface ConflistFile {
  readonly name: string;
  readonly path: string;
  readonly list: Result<ConfList, string>;
}

/** The files that runtimes look at, in the order in which they choose. */
export function readConflists(sys: Sys, directory: string): ConflistFile[] {
  return namesIn(sys, directory)
    .filter((name) => /\.(conflist|conf|json)$/.test(name))
    .map((name) => {
      const path = `${directory}/${name}`;
      const text = readIfAny(sys, path, MAX_CONFLIST_BYTES + 1);
      if (text === undefined) return { name, path, list: err('cannot be read') };
      if (text.length > MAX_CONFLIST_BYTES) {
        return { name, path, list: err(`larger than ${MAX_CONFLIST_BYTES} bytes`) };
      }
      return { name, path, list: parseConfList(text) };
    });
}

/** A network of ours and the configuration with which a runtime calls the plugin. */
export interface ConfiguredNetwork {
  readonly name: string;
  readonly path: string;
  readonly config: JsonObject;
}

export function configuredNetworks(files: readonly ConflistFile[]): ConfiguredNetwork[] {
  return files.flatMap(({ path, list }) => {
    if (!list.ok) return [];
    const { name, cniVersion, plugins } = list.value;
    return plugins
      .filter(({ type }) => type === OWN_PLUGIN)
      .map(({ config }) => ({ name, path, config: { ...config, cniVersion, name } }));
  });
}

const MAX_CONFLIST_BYTES = 1024 * 1024;
