/** Attaches a container to the VNet and takes it off again: the whole chain of plugins, and `lo`. */
import type { AttachmentCall, NetworkCall, PluginError } from '../../cni/runtime/call.ts';
import { addSteps, delSteps } from '../../cni/runtime/chain.ts';
import { driveSync } from '../../cni/runtime/drive.ts';
import type { CniResult, JsonObject, PluginContext } from '../../cni/types.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import { FAILURES, failureOf } from '../../sys/failure.ts';
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { sandboxState } from '../node/sandbox-state.ts';
import type { DockerContainer } from './container.ts';
import { withPortsLock } from './locks.ts';
import { writeNameFiles } from './name-files.ts';
import { LOOPBACK, networkOf, pluginRunner } from './plugins.ts';
import { portCapability } from './ports.ts';
import { cacheOf, type DockerRecord, removeDockerRecord, writeDockerRecord } from './records.ts';
import { sandboxOf } from './sandbox.ts';
import { takenPort } from './taken-ports.ts';

/** The interface of every container, as gc and the plugins know it. */
export const IFNAME = 'eth0';

export interface Attached {
  readonly addresses: readonly string[];
  /** Of the last plugin. */
  readonly result: JsonObject;
}

/**
 * ADD. Asks for the address of `before`, what was remembered of the container and is detached already, and takes
 * another where that one cannot be had. A failure leaves nothing attached; the error is one line.
 */
export function attach(
  { sys, log }: PluginContext,
  network: NetworkCall,
  container: DockerContainer,
  before: DockerRecord | undefined,
): Result<Attached, string> {
  const sandbox = sandboxOf(sys, container);
  if (!sandbox.ok) return sandbox;
  const record = intentOf(network, container, sandbox.value, before);
  if (!record.ok) return record;
  const claimed = claim(sys, record.value, container);
  if (!claimed.ok) return claimed;
  const [address] = before?.addresses ?? [];
  let added = add(sys, network, record.value, address);
  if (!added.ok && address !== undefined && added.error.code === FAILURES.ADDRESS_UNAVAILABLE) {
    log.note('warn', `${container.name}: ${added.error.message}`);
    added = add(sys, network, record.value, undefined);
  }
  if (!added.ok) {
    forgetAttempt(sys, before, record.value, added.error.left);
    return err(added.error.message);
  }
  const { result, document } = added.value;
  const addresses = ipv4Of(result);
  const attached = { ...record.value, addresses, result: document };
  try {
    writeDockerRecord(sys, attached);
    writeNameFiles(sys, container, result.dns, addresses);
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    const left = detach(sys, attached, network.path);
    return err([refused.message, ...left].join('; '));
  }
  return ok({ addresses, result: document });
}

/** DEL; what could not be taken back is returned, one line each. Fine when nothing is attached any more. */
export function detach(sys: Sys, record: DockerRecord, path: readonly string[]): string[] {
  const network = networkOf(record.config, path);
  if (!network.ok) return [`the network configuration of ${record.name} cannot be used: ${network.error}`];
  const netns = sandboxState(sys, record.netns) === 'namespace' ? record.netns : '';
  const call = { ...callOf(network.value, record), netns };
  const run = pluginRunner(sys, path);
  const failures = driveSync(run, delSteps(call, cacheOf(record, IFNAME)));
  if (netns !== '') failures.push(...driveSync(run, delSteps(loopbackOf(call))));
  if (failures.length > 0) return failures.map(describe);
  const { result: _, ...remembered } = record;
  writeDockerRecord(sys, { ...remembered, netns: '' });
  return [];
}

/** What is written before ADD. */
function intentOf(
  { list }: NetworkCall,
  { id, name, namespace = '', ports }: DockerContainer,
  netns: string,
  before: DockerRecord | undefined,
): Result<DockerRecord, string> {
  if (!ports.ok) return err(`its label for ports is damaged: ${ports.error}`);
  const capable = list.plugins.some(({ capabilities }) => capabilities.includes('portMappings'));
  if (ports.value.length > 0 && !capable) {
    return err(
      `no plugin of network ${list.name} has the capability portMappings, which ports of the node need`,
    );
  }
  return ok({
    containerId: id,
    name,
    namespace,
    netns,
    addresses: before?.addresses ?? [],
    config: list.text,
    networkName: list.name,
    capabilityArgs: ports.value.length === 0 ? {} : portCapability(ports.value),
  });
}

/** Writes the record; with ports, while nobody else can claim the same ones. */
function claim(sys: Sys, record: DockerRecord, { ports }: DockerContainer): Result<void, string> {
  const wanted = ports.ok ? ports.value : [];
  const write = (): Result<void, string> => {
    const taken = takenPort(sys, wanted, record.containerId);
    if (taken !== undefined) return err(taken);
    writeDockerRecord(sys, record);
    return ok(undefined);
  };
  return wanted.length === 0 ? write() : withPortsLock(sys, write);
}

interface AddFailure {
  readonly message: string;
  readonly code: number;
  /** True when something of it may be left. */
  readonly left: boolean;
}

function add(
  sys: Sys,
  network: NetworkCall,
  record: DockerRecord,
  address: string | undefined,
): Result<{ readonly result: CniResult; readonly document: JsonObject }, AddFailure> {
  const run = pluginRunner(sys, network.path);
  const call = callOf(network, record, address);
  const looped = driveSync(run, addSteps(loopbackOf(call)));
  const added = looped.ok ? driveSync(run, addSteps(call)) : looped;
  if (added.ok) return ok({ result: added.value.result, document: added.value.cache.result });
  const { error, cleanup } = added.error;
  const left = [...cleanup, ...driveSync(run, delSteps(loopbackOf(call)))];
  const message = [describe(error), ...left.map((one) => `not undone: ${describe(one)}`)].join('; ');
  return err({ message, code: error.code, left: left.length > 0 });
}

/** After a failed ADD: the record stays while something may be left, and to remember an address. */
function forgetAttempt(
  sys: Sys,
  before: DockerRecord | undefined,
  record: DockerRecord,
  left: boolean,
): void {
  if (left) return;
  if (before === undefined) removeDockerRecord(sys, record.containerId);
  else writeDockerRecord(sys, { ...record, netns: '' });
}

/** The variables and capabilities of every call for the container, as the original's script and kubelet send them. */
function callOf(network: NetworkCall, record: DockerRecord, address?: string): AttachmentCall {
  return {
    ...network,
    containerId: record.containerId,
    ifname: IFNAME,
    netns: record.netns,
    args: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', record.namespace],
      ['K8S_POD_NAME', record.name],
      ['K8S_POD_INFRA_CONTAINER_ID', record.containerId],
      ...(address === undefined ? [] : [['IP', address] as const]),
    ],
    capabilityArgs: record.capabilityArgs,
  };
}

function loopbackOf({ path, containerId, netns }: AttachmentCall): AttachmentCall {
  return { list: LOOPBACK, path, containerId, netns, ifname: 'lo' };
}

function describe({ plugin, command, message, details }: PluginError): string {
  return `${command} by ${plugin} failed: ${message}${details === undefined ? '' : ` (${details})`}`;
}

function ipv4Of({ ips }: CniResult): string[] {
  return ips.flatMap(({ address }) => (address.family === 4 ? [formatIpv4(address.address)] : []));
}
