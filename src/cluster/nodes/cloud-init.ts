/** The user data of a Linux node, https://cloudinit.readthedocs.io/en/latest/reference/modules.html */
import { formatIpv4Net } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { ClusterDefinition } from '../definition.ts';
import { INSTALL_KEYS, type InstallValues } from './install.ts';
import { NODE_PATHS } from './paths.ts';
import type { NodeGroup } from './profile.ts';
import { API_UNIT, READY, SETTINGS, SETUP } from './setup.ts';
import type { NodeTexts } from './texts.ts';

interface WrittenFile {
  readonly path: string;
  readonly text: string;
  readonly mode?: string;
}

/** The files as a map so that `write_files` has each once; runs setup.sh at the first boot. */
export function cloudInit(
  definition: ClusterDefinition,
  group: NodeGroup,
  texts: NodeTexts,
  install: InstallValues,
): string {
  const files = filesOf(definition, group, texts, install).map(writtenFile);
  return `#cloud-config\nwrite_files:\n${files.join('')}runcmd:\n- [sh, ${SETTINGS}/setup.sh]\n`;
}

function filesOf(
  { network }: ClusterDefinition,
  group: NodeGroup,
  texts: NodeTexts,
  install: InstallValues,
): WrittenFile[] {
  const bridge = formatIpv4Net(network.dockerBridge);
  return [
    // The addresses of the NIC are for pods; the second key is that of cloud-init 23.4 and later.
    {
      path: '/etc/cloud/cloud.cfg.d/15_azure-vnet.cfg',
      text: 'datasource: {Azure: {apply_network_config: false, apply_network_config_for_secondary_ips: false}}\n',
    },
    { path: '/etc/modules-load.d/azure-vnet.conf', text: 'br_netfilter\n' },
    {
      path: '/etc/sysctl.d/90-azure-vnet.conf',
      text: 'net.bridge.bridge-nf-call-iptables = 1\nnet.ipv4.ip_forward = 1\n',
    },
    { path: `${NODE_PATHS.Linux.cniConf}/10-azure.conflist`, text: texts.conflist },
    { path: '/etc/default/kubelet', text: texts.kubelet },
    ...(bridge === DOCKER_BRIDGE
      ? []
      : [{ path: '/etc/docker/daemon.json', text: `{"bip": "${bridge}"}\n` }]),
    { path: `${SETTINGS}/snat-ranges`, text: texts.snatRanges },
    { path: `${SETTINGS}/node.env`, text: nodeEnvironment(group, install) },
    { path: `${SETTINGS}/setup.sh`, text: SETUP, mode: '0755' },
    { path: `${SETTINGS}/ready.sh`, text: READY, mode: '0755' },
    ...(group.behindInternalLoadBalancer
      ? [{ path: '/etc/systemd/system/azure-vnet-api.service', text: API_UNIT }]
      : []),
  ];
}

function nodeEnvironment({ role, pool, apiServer }: NodeGroup, install: InstallValues): string {
  const values = [
    ['ROLE', role],
    ['POOL', pool],
    ['API_SERVER', formatIpv4(apiServer)],
    ...INSTALL_KEYS.Linux.map((key) => [key, install[key]]),
  ];
  return values.map(([name, value]) => `${name}='${value}'\n`).join('');
}

/** A literal block of YAML 1.2 (§8.1.2): nothing in it needs to be quoted. No text begins with a space. */
function writtenFile({ path, text, mode = '0644' }: WrittenFile): string {
  const block = text.replace(/^(?=.)/gm, '    ');
  return `- path: ${path}\n  permissions: '${mode}'\n  content: |\n${block}`;
}

/** Docker's own choice. */
const DOCKER_BRIDGE = '172.17.0.1/16';
