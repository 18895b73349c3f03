/** Check "plugins": is every program that the configuration names there, and does it answer? */
import { CNI_VERSIONS, type CniVersion } from '../../cni/types.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

export interface PluginFacts {
  /** Name of the program, as the configuration has it. */
  readonly type: string;
  /** Where CNI_PATH has it; absent when it has not. */
  readonly path?: string;
  readonly executable: boolean;
  /** The version in which it is called. */
  readonly calledIn: CniVersion;
  /** Device and inode: two names may be one file. */
  readonly identity?: string;
  /** The versions that it says it speaks, or why it does not say so. */
  readonly versions: readonly string[] | string;
}

export interface PluginsFacts {
  readonly cniPath: readonly string[];
  readonly plugins: readonly PluginFacts[];
}

const OWN = ['azure-vnet', 'azure-vnet-ipam'];

export function checkPlugins(facts: PluginsFacts): Checked {
  const findings = [...facts.plugins.flatMap((plugin) => problemsOf(facts, plugin)), ...twoFiles(facts)];
  const names = facts.plugins.map(({ type, calledIn }) => `${type} (${calledIn})`).join(', ');
  return { check: 'plugins', seen: `${names} are there and speak these versions`, findings };
}

function problemsOf({ cniPath, plugins }: PluginsFacts, plugin: PluginFacts): Problem[] {
  const { type, path, executable, versions, calledIn } = plugin;
  const directory = cniPath[0] ?? '';
  if (path === undefined) {
    return [
      finding('error', 'PLUGIN_MISSING', {
        found: `${type} is in no directory of CNI_PATH (${cniPath.join(':')})`,
        why: 'every ADD and DEL fails there',
        mend: OWN.includes(type)
          ? `install -m 755 azure-vnet ${directory}/ && ln -f ${directory}/azure-vnet ${directory}/azure-vnet-ipam`
          : `apt-get install containernetworking-plugins && cp /usr/lib/cni/${type} ${directory}/`,
      }),
    ];
  }
  if (!executable) {
    return [
      finding('error', 'PLUGIN_NOT_EXECUTABLE', {
        found: `${path} is not executable`,
        why: 'every ADD and DEL fails there',
        mend: `chmod 755 ${path}`,
      }),
    ];
  }
  if (typeof versions === 'string') {
    return [
      finding('error', 'PLUGIN_SILENT', {
        found: `${path} does not answer VERSION: ${versions}`,
        why: 'runtimes ask for it first',
        mend: `CNI_COMMAND=VERSION ${path} </dev/null`,
      }),
    ];
  }
  if (versions.includes(calledIn)) return [];
  const common = versionOfAll(plugins);
  const setting = common === undefined ? '' : `, or set "cniVersion" to "${common}", which all plugins speak`;
  return [
    finding('error', 'PLUGIN_VERSION', {
      found: `${path} speaks ${versions.join(', ')}; it is called in ${calledIn}`,
      why: 'it refuses the configuration',
      mend: `install a newer ${type}${setting}`,
    }),
  ];
}

/** The newest version that every plugin speaks which says what it speaks. */
function versionOfAll(plugins: readonly PluginFacts[]): CniVersion | undefined {
  const said = plugins.map(({ versions }) => versions).filter((versions) => typeof versions !== 'string');
  return [...CNI_VERSIONS].reverse().find((version) => said.every((versions) => versions.includes(version)));
}

/** Two files work, but IPAM is executed then, and the two can be of different versions. */
function twoFiles({ plugins }: PluginsFacts): Problem[] {
  const [vnet, ipam] = OWN.map((name) => plugins.find(({ type }) => type === name));
  if (vnet?.path === undefined || ipam?.path === undefined || vnet.identity === ipam.identity) return [];
  return [
    finding('warning', 'IPAM_OTHER_FILE', {
      found: `${ipam.path} is another file than ${vnet.path}`,
      why: 'addresses are then asked of a second process, which may be of another version',
      mend: `ln -f ${vnet.path} ${ipam.path}`,
    }),
  ];
}
