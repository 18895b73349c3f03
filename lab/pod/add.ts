/** ADD of a pod, step by step, as a container runtime does it. */
import { randomBytes } from 'node:crypto';
import type { AttachmentCall } from '../../src/cni/runtime/call.ts';
import { addChain } from '../../src/cni/runtime/chain.ts';
import type { CniResult, JsonObject } from '../../src/cni/types.ts';
import { formatIpv4 } from '../../src/net/ipv4.ts';
import { LabError } from '../error.ts';
import type { LabState, PodState, PortMapping } from '../model.ts';
import { updateState } from '../statefile.ts';
import type { Vm } from '../vm/vm.ts';
import { conflistOf, loopbackCall, readConfList } from './conflists.ts';
import { PluginFailure, type PluginRun, pluginExecutor } from './plugins.ts';

export interface PodOptions {
  /** Host ports for portmap. */
  readonly ports?: readonly PortMapping[];
  /** Further CNI_ARGS, such as ['IP', '10.240.0.9']. */
  readonly args?: readonly (readonly [string, string])[];
  /** Text of another network configuration than that of the VM. */
  readonly conflist?: string;
  /** @default {64 random hex digits, as containerd has them} */
  readonly containerId?: string;
}

/** A pod that has been attached, and the plugins that were run for it. */
export interface AddedPod {
  readonly record: PodState;
  readonly runs: readonly PluginRun[];
}

/** Makes the namespace and runs ADD: loopback first, then the first configuration of /etc/cni/net.d. */
export async function attachPod(vm: Vm, name: string, options: PodOptions): Promise<AddedPod> {
  checkName(vm.labState, name);
  const containerId = options.containerId ?? randomBytes(32).toString('hex');
  const runs: PluginRun[] = [];
  const exec = pluginExecutor(vm, vm.state.cniPath, runs);
  const call: AttachmentCall = {
    list: options.conflist === undefined ? readConfList(vm) : conflistOf(options.conflist),
    path: vm.state.cniPath,
    containerId,
    ifname: 'eth0',
    netns: `/run/netns/${name}`,
    args: [...kubernetesArgs(name, containerId), ...(options.args ?? [])],
    ...(options.ports === undefined
      ? {}
      : { capabilityArgs: { portMappings: options.ports.map(portMapping) } }),
  };
  await vm.mustExec(['ip', 'netns', 'add', name]);
  try {
    const loopback = await addChain(exec, loopbackCall(call));
    if (!loopback.ok) throw new PluginFailure(loopback.error.error, loopback.error.cleanup);
    const added = await addChain(exec, call);
    if (!added.ok) throw new PluginFailure(added.error.error, added.error.cleanup);
    const { result, cache } = added.value;
    const addresses = ipv4Addresses(result);
    const record = { name, containerId, netns: call.netns, ports: options.ports ?? [], cache, addresses };
    await updateState(vm.labDirectory, (state) => withPod(state, vm.name, record));
    return { record, runs };
  } catch (error) {
    await vm.mustExec(['ip', 'netns', 'delete', name]);
    throw error;
  }
}

/** Names of VMs and pods are one space, so that `lab exec` needs only a name. */
function checkName(state: LabState, name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new LabError(`The pod's name "${name}" is not 1 to 31 of a-z, 0-9 and -.`);
  }
  const names = state.vms.flatMap((vm) => [vm.name, ...vm.pods.map((pod) => pod.name)]);
  if (['fabric', 'internet', ...names].includes(name)) throw new LabError(`The name "${name}" is taken.`);
}

/** As the kubelet sends them by way of the container runtime. */
function kubernetesArgs(name: string, containerId: string): [string, string][] {
  return [
    ['IgnoreUnknown', '1'],
    ['K8S_POD_NAMESPACE', 'default'],
    ['K8S_POD_NAME', name],
    ['K8S_POD_INFRA_CONTAINER_ID', containerId],
  ];
}

function portMapping({ hostPort, containerPort, protocol }: PortMapping): JsonObject {
  return { hostPort, containerPort, protocol };
}

function ipv4Addresses(result: CniResult): string[] {
  return result.ips.flatMap(({ address }) => (address.family === 4 ? [formatIpv4(address.address)] : []));
}

function withPod(state: LabState, vmName: string, pod: PodState): LabState {
  const vms = state.vms.map((vm) => (vm.name === vmName ? { ...vm, pods: [...vm.pods, pod] } : vm));
  return { ...state, vms };
}
