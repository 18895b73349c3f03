/** The network and its plugins, as a container runtime uses them. */
import { findPlugin } from '../../cni/find-plugin.ts';
import type { NetworkCall, PluginCall, PluginOutcome } from '../../cni/runtime/call.ts';
import { type ConfList, parseConfList } from '../../cni/runtime/conflist.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { type Call, cniPath, conflistDirectory } from '../command.ts';
import { OWN_PLUGIN, readConflists } from '../conflists.ts';
import { ADD_LIMIT_MS } from '../node/limits.ts';
import { spawn } from '../programs.ts';

/** Runtimes run this besides the plugins of the network: it brings `lo` up. */
export const LOOPBACK: ConfList = {
  name: 'cni-loopback',
  cniVersion: '0.3.1',
  disableCheck: true,
  disableGC: true,
  plugins: [{ type: 'loopback', capabilities: [], config: { type: 'loopback' } }],
  text: '',
};

/** The first configuration with our plugin, when all its programs are there; the error is one line. */
export function readNetwork(call: Pick<Call, 'sys' | 'given'>): Result<NetworkCall, string> {
  const directory = conflistDirectory(call);
  const path = cniPath(call);
  const unusable: string[] = [];
  for (const { name, list } of readConflists(call.sys, directory)) {
    if (!list.ok) unusable.push(`${name}: ${list.error}`);
    else if (list.value.plugins.some(({ type }) => type === OWN_PLUGIN))
      return complete(call.sys, list.value, path);
  }
  const why = unusable.length === 0 ? '' : ` (${unusable.join('; ')})`;
  return err(
    `no network configuration in ${directory} names ${OWN_PLUGIN}${why}; install-cni-plugin.sh puts one there`,
  );
}

/** A configuration as it was when a container was attached by it. */
export function networkOf(text: string, path: readonly string[]): Result<NetworkCall, string> {
  const list = parseConfList(text);
  return list.ok ? ok({ list: list.value, path }) : list;
}

function complete(sys: Sys, list: ConfList, path: readonly string[]): Result<NetworkCall, string> {
  for (const { type } of [...list.plugins, ...LOOPBACK.plugins]) {
    const found = findPlugin(sys, type, path);
    if (!found.ok) return err(`${found.error.message}; install-cni-plugin.sh installs it`);
  }
  return ok({ list, path });
}

/** Runs plugins as programs; what it throws counts as the plugin's failure. */
export function pluginRunner(sys: Sys, path: readonly string[]): (call: PluginCall) => PluginOutcome {
  return ({ type, env, stdin }) => {
    const found = findPlugin(sys, type, path);
    if (!found.ok) throw new Error(found.error.message);
    const ended = spawn(sys, [found.value.path], stdin, env, ADD_LIMIT_MS);
    if (!ended.ok) throw new Error(ended.error);
    if (ended.value.timedOut) throw new Error(`not finished after ${ADD_LIMIT_MS / 1000} s`);
    if (ended.value.truncated) throw new Error('printed too much');
    return ended.value;
  };
}
