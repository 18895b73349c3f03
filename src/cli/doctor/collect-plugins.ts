/** Looks for the plugins of a configuration and asks each for its versions. */
import { findPlugin } from '../../cni/find-plugin.ts';
import { isObject, lookup, parseJson } from '../../cni/json.ts';
import type { ConfList } from '../../cni/runtime/conflist.ts';
import type { CniVersion } from '../../cni/types.ts';
import type { Sys } from '../../sys/sys.ts';
import { statIfAny } from '../files.ts';
import { spawn } from '../programs.ts';
import type { PluginFacts, PluginsFacts } from './plugins.ts';

/** Runtimes run this one besides those of the configuration, with a configuration of their own in this version. */
const LOOPBACK = 'loopback';
const LOOPBACK_VERSION: CniVersion = '0.3.1';

export function collectPlugins(sys: Sys, list: ConfList, cniPath: readonly string[]): PluginsFacts {
  const types = new Set<string>();
  for (const { type, config } of list.plugins) {
    types.add(type);
    const ipam = lookup(config, 'ipam');
    const delegate = isObject(ipam) ? lookup(ipam, 'type') : undefined;
    if (typeof delegate === 'string' && delegate !== '') types.add(delegate);
  }
  types.delete(LOOPBACK);
  const plugins = [...types].map((type) => lookAt(sys, type, cniPath, list.cniVersion));
  return { cniPath, plugins: [...plugins, lookAt(sys, LOOPBACK, cniPath, LOOPBACK_VERSION)] };
}

function lookAt(sys: Sys, type: string, cniPath: readonly string[], calledIn: CniVersion): PluginFacts {
  const found = findPlugin(sys, type, cniPath);
  if (!found.ok) return { type, calledIn, executable: false, versions: 'not found' };
  const { path, dev, inode } = found.value;
  const executable = ((statIfAny(sys, path)?.mode ?? 0) & 0o111) !== 0;
  return {
    type,
    calledIn,
    path,
    executable,
    identity: `${dev}:${inode}`,
    versions: executable ? versionsOf(sys, path, calledIn) : 'not executable',
  };
}

/** SPEC.md "VERSION" */
function versionsOf(sys: Sys, path: string, cniVersion: string): readonly string[] | string {
  const env = {
    CNI_COMMAND: 'VERSION',
    // Older plugins want all of them, whatever the command.
    CNI_CONTAINERID: 'doctor',
    CNI_NETNS: '/dev/null',
    CNI_IFNAME: 'eth0',
    CNI_PATH: path.slice(0, path.lastIndexOf('/')),
  };
  const ended = spawn(sys, [path], JSON.stringify({ cniVersion }), env);
  if (!ended.ok) return ended.error;
  const { status, stdout, timedOut } = ended.value;
  if (timedOut) return 'it did not end in time';
  const reply = parseJson(stdout);
  const versions = reply.ok && isObject(reply.value) ? lookup(reply.value, 'supportedVersions') : undefined;
  if (status !== 0 || !Array.isArray(versions))
    return `exit status ${status}: ${stdout.trim().slice(0, 200)}`;
  return versions.map(String);
}
