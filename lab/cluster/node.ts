/** Brings a planned node up as a VM: its NIC as planned, its files and its first boot from its user data. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILT } from '../../scripts/build/paths.ts';
import type { PlannedNode } from '../../src/cluster/plan.ts';
import { formatCidr } from '../../src/net/cidr.ts';
import { formatIpv4 } from '../../src/net/ipv4.ts';
import { LabError } from '../error.ts';
import type { Lab, Vm } from '../lab.ts';
import { WIRESERVER_ADDRESS } from '../model.ts';
import { writeInside } from '../vm/setup.ts';
import { parseKubeletFlags } from './kubelet.ts';
import { parseUserData } from './user-data.ts';

export interface LabNode {
  readonly planned: PlannedNode;
  readonly vm: Vm;
  /** As the files of the node have them. */
  readonly kubeletFlags: ReadonlyMap<string, string>;
  readonly snatRanges: readonly string[];
  /** Shell text by which a master takes what the internal load balancer sends; absent where there is none. */
  readonly apiProgram?: string;
}

/** `userData` is the text of cloud-init.yaml of the node. */
export async function bringUp(
  lab: Lab,
  name: string,
  planned: PlannedNode,
  userData: string,
): Promise<LabNode> {
  const { subnet, ipConfigs } = planned.nic;
  const [primary = '', ...secondaries] = ipConfigs.map(({ address }) => formatIpv4(address));
  const vm = await lab.addVm({
    name,
    hostname: planned.name,
    subnet: formatCidr(subnet.cidr),
    primary,
    secondaries,
    // Both come with the user data.
    conflist: null,
    masquerade: false,
  });
  const { files } = parseUserData(userData);
  for (const { path, content, mode } of files) {
    // The rest of its tree a VM has from the machine.
    if (!/^\/(etc|var|run)\//.test(path)) throw new LabError(`The VM has no ${path} of its own to write to.`);
    mkdirSync(vm.path(dirname(path)), { recursive: true });
    writeInside(vm.anchor, path, content);
    chmodSync(vm.path(path), mode);
  }
  const textOf = (path: string): string => files.find((file) => file.path === path)?.content ?? '';
  const snatRanges = textOf(SNAT_RANGES).trimEnd().split('\n');
  await boot(vm, snatRanges);
  const apiProgram = /^ExecStart=\/bin\/sh -c '([^']+)'$/m.exec(textOf(API_UNIT))?.[1];
  const node = { planned, vm, kubeletFlags: parseKubeletFlags(textOf(KUBELET)), snatRanges };
  return apiProgram === undefined ? node : { ...node, apiProgram };
}

/**
 * What setup.sh does at the first boot, without the download: the plugins are those that have just been built. A
 * rule of iptables is all there is of `snat apply`, as nothing restarts a VM of the lab.
 */
async function boot(vm: Vm, snatRanges: readonly string[]): Promise<void> {
  await vm.mustExec(['sysctl', '-q', '-p', SYSCTL]);
  await vm.mustExec([TOOL, 'snat', 'apply', ...snatRanges.flatMap((range) => ['--cidr', range])]);
}

/** What `azure-vnet doctor` finds on the node; empty when nothing is wrong. */
export async function doctorFindings(vm: Vm): Promise<string> {
  const { status, stdout, stderr } = await vm.exec([
    TOOL,
    'doctor',
    '--cni-path',
    vm.state.cniPath.join(':'),
  ]);
  return status === 0 ? '' : `${stdout}${stderr}`.trim();
}

/** The addresses that the wireserver tells the node, its own first, in its order. */
export async function toldAddresses(vm: Vm): Promise<string[]> {
  const answer = await vm.mustExec(['busybox', 'wget', '-qO-', INTERFACES_URL]);
  return [...answer.matchAll(/<IPAddress Address="([^"]+)"/g)].map(([, address]) => address ?? '');
}

/** Of the build, as the lab's plugins are. */
const TOOL = join(BUILT, 'azure-vnet');
const SYSCTL = '/etc/sysctl.d/90-azure-vnet.conf';
const SNAT_RANGES = '/etc/azure-vnet/snat-ranges';
const API_UNIT = '/etc/systemd/system/azure-vnet-api.service';
const KUBELET = '/etc/default/kubelet';
const INTERFACES_URL = `http://${WIRESERVER_ADDRESS}/machine/plugins?comp=nmagent&type=getinterfaceinfov1`;
