/** kubelet's flags on a node: what Azure CNI needs, and what the definition sets. */
import { formatIpv4 } from '../../net/ipv4.ts';
import type { ClusterDefinition, NodeProfile, OsType } from '../definition.ts';
import { NODE_PATHS } from './paths.ts';

/** From this release on the container runtime finds plugins by itself, and kubelet refuses to be told. */
const RUNTIME_OWNS_CNI = 24;
/** From this release on kubelet knows external cloud providers only. */
const CLOUD_IS_EXTERNAL = 29;

/** Flags with their dashes, sorted. Those that choose plugin and number of pods cannot be overridden. */
export function kubeletFlags(
  { kubernetes, network }: ClusterDefinition,
  profile: NodeProfile,
  osType: OsType,
): Map<string, string> {
  const paths = NODE_PATHS[osType];
  const minor = Number(kubernetes.release.split('.')[1]);
  const knowsCni = minor < RUNTIME_OWNS_CNI;
  const flags = new Map<string, string>([
    ['--cluster-dns', formatIpv4(network.dnsServiceIp)],
    ['--cluster-domain', 'cluster.local'],
    ...entries(minor < CLOUD_IS_EXTERNAL, {
      '--cloud-provider': 'azure',
      '--cloud-config': paths.cloudConfig,
    }),
    ...entries(minor >= CLOUD_IS_EXTERNAL, { '--cloud-provider': 'external' }),
    ...entries(knowsCni, { '--image-pull-progress-deadline': '30m', '--non-masquerade-cidr': '0.0.0.0/0' }),
    ...entries(osType === 'Windows' && knowsCni, { '--hairpin-mode': 'promiscuous-bridge' }),
    ...profile.kubeletFlags,
    ...entries(knowsCni, {
      '--network-plugin': 'cni',
      '--cni-bin-dir': paths.cniBin,
      '--cni-conf-dir': paths.cniConf,
    }),
    ['--max-pods', String(profile.maxPods)],
  ]);
  return new Map([...flags].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * /etc/default/kubelet, which the units of the kubelet packages read. systemd takes it apart twice: as an
 * EnvironmentFile (systemd.exec(5)), and `$KUBELET_EXTRA_ARGS` into words, by quotes and backslashes (systemd.service(5)).
 */
export function kubeletEnvironment(flags: ReadonlyMap<string, string>): string {
  const words = [...flags].map(([name, value]) => asWord(`${name}=${value}`));
  return `KUBELET_EXTRA_ARGS="${words.join(' ').replace(/["\\$`]/g, '\\$&')}"\n`;
}

function asWord(flag: string): string {
  return /[\s'"\\]/.test(flag) ? `'${flag.replace(/['\\]/g, '\\$&')}'` : flag;
}

function entries(when: boolean, flags: Readonly<Record<string, string>>): [string, string][] {
  return when ? Object.entries(flags) : [];
}
