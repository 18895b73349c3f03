/**
 * Building a network: which NIC, which bridge, what the node must have afterwards, and the steps that
 * lead there from whatever an earlier call, a crash or a person left behind.
 */
import type { NetworkConfig, PluginContext } from '../cni/types.ts';
import { type Cidr, cidrContains } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { MessageWriter } from '../net/netlink/writer.ts';
import { ipv4NetOf } from '../net/rtnl/address.ts';
import { type Link, setHairpin } from '../net/rtnl/link.ts';
import { removeRecord } from '../state/records.ts';
import { type Failure, failure, failureOf } from '../sys/failure.ts';
import { broken, err, ok, type Result } from '../sys/result.ts';
import { podAddresses, reattachPods } from './adopt.ts';
import {
  asOnNic,
  captureHostConfig,
  countMultipath,
  type HostConfig,
  mergeHostConfig,
} from './host-config.ts';
import { ensureBridge, readHostLinks, type Sockets } from './host-links.ts';
import { moveToBridge, moveToNic } from './host-move.ts';
import {
  HOSTS_DIR,
  type HostRecord,
  JOURNAL_DIR,
  listHostRecords,
  readHostRecord,
  removeHostRecord,
  writeHostRecord,
} from './host-record.ts';
import { ensureRules, removePodElements, removeRules } from './l2-rules.ts';
import { findMaster, type HostLinks } from './master.ts';
import { defaultBridgeName } from './names.ts';
import { listNetworks, type NetworkRecord, readNetwork, writeNetwork } from './network-record.ts';
import { keepNetworkdOff, networkdFile } from './networkd.ts';
import { copyLinkDns } from './resolved.ts';

export interface ReadyNetwork {
  readonly record: NetworkRecord;
  readonly bridge: Link;
  /** MTU of the NIC, which both ends of a veth pair get. */
  readonly mtu: number;
}

/** A NIC, the bridge that is to take its place, and what the node must have afterwards. */
interface Plan {
  readonly nic: Link;
  readonly bridge: Link;
  readonly host: HostRecord;
  /** False when everything is already where it belongs. */
  readonly moves: boolean;
}

/**
 * Builds, adopts or repairs the network, under the lock of the caller. A failure undoes what was done.
 */
export function buildNetwork(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  subnet: Cidr,
): Result<ReadyNetwork, Failure> {
  const links = readHostLinks(sockets.route);
  const remembered = rememberedHost(context, links, subnet);
  const found = findMaster(
    links,
    subnet,
    config.master ?? remembered?.nic ?? recordedNic(context, links, config.name),
  );
  if (!found.ok) return found;
  const name = chooseBridgeName(context, links, found.value, config, remembered);
  if (!name.ok) return name;
  const existing = links.links.find((link) => link.name === name.value);
  const isNew = existing === undefined;
  // With a bridge that was taken down went its routes; only the disk knows them.
  const lost =
    existing?.up === false ? readHostRecord(context.sys, context.log, HOSTS_DIR, name.value) : remembered;
  const planned = plan(context, sockets, found.value, name.value, lost);
  if (!planned.ok) return planned;
  const { nic, bridge, host, moves } = planned.value;
  const record: NetworkRecord = {
    name: config.name,
    bridge: bridge.name,
    nic: nic.name,
    nicIndex: nic.index,
    nicMac: host.nicMac,
    subnet,
    viaHost: config.ipsToRouteViaHost,
  };
  const failed = carryOutAndRecord(context, sockets, config, planned.value, record);
  if (failed !== undefined) {
    revert(context, sockets, planned.value, isNew);
    return err(failed);
  }
  if (moves) removeHostRecord(context.sys, JOURNAL_DIR, bridge.name);
  return ok({ record, bridge, mtu: nic.mtu });
}

/** A file system that is full or read-only is a failure like any other: what was done is undone. */
function carryOutAndRecord(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  planned: Plan,
  record: NetworkRecord,
): Failure | undefined {
  try {
    const failed = carryOut(context, sockets, config, planned);
    if (failed === undefined) writeNetwork(context.sys, record);
    return failed;
  } catch (error) {
    const failed = failureOf(error);
    if (failed === undefined) throw error;
    return failed;
  }
}

/**
 * What is on disk about the NIC of this subnet, for when the kernel has nothing of it any more: the
 * bridge was deleted, and the node's addresses with it.
 */
function rememberedHost(context: PluginContext, links: HostLinks, subnet: Cidr): HostRecord | undefined {
  const present = [...links.addresses.values()].flat().some((net) => cidrContains(subnet, net.address));
  if (present) return undefined;
  const record = listHostRecords(context.sys, context.log).find((host) =>
    ipv4sOf(host.config).some((address) => cidrContains(subnet, address)),
  );
  const nic = links.links.find((link) => link.mac === record?.nicMac && link.kind !== 'bridge');
  return record === undefined || nic === undefined ? undefined : { ...record, nic: nic.name };
}

/** The NIC that the network has had: when somebody took it out of the bridge, no address tells that it is the one. */
function recordedNic({ sys, log }: PluginContext, { links }: HostLinks, network: string): string | undefined {
  const record = readNetwork(sys, log, network);
  const nic = links.find(({ index, mac }) => index === record?.nicIndex && mac === record.nicMac);
  return nic?.masterIndex === undefined ? nic?.name : undefined;
}

function chooseBridgeName(
  context: PluginContext,
  links: HostLinks,
  nic: Link,
  config: NetworkConfig,
  remembered: HostRecord | undefined,
): Result<string, Failure> {
  const upper = links.links.find((link) => link.index === nic.masterIndex);
  const wanted = config.bridge ?? remembered?.bridge ?? defaultBridgeName(nic.index);
  if (upper === undefined || upper.name === wanted) return ok(wanted);
  const ours = listNetworks(context.sys, context.log).some((network) => network.bridge === upper.name);
  if (ours) {
    context.log.note('info', `${nic.name} is already the uplink of ${upper.name}, which this network shares`);
    return ok(upper.name);
  }
  return err(
    failure(
      'NETWORK_SETUP',
      `Failed to create bridge ${wanted}: ${nic.name} is already a port of bridge ${upper.name}; ` +
        `set "bridge" to "${upper.name}" to use that one, or take ${nic.name} out of it`,
    ),
  );
}

function plan(
  context: PluginContext,
  sockets: Sockets,
  nic: Link,
  bridgeName: string,
  lost: HostRecord | undefined,
): Result<Plan, Failure> {
  const { mac } = nic;
  if (mac === undefined) broken(`master ${nic.name} has no MAC address`);
  const made = ensureBridge(sockets.route, bridgeName, { mac, mtu: nic.mtu });
  if (!made.ok) return made;
  const bridge = made.value;
  const interrupted = readHostRecord(context.sys, context.log, JOURNAL_DIR, bridgeName) ?? lost;
  const onNic = captureHostConfig(sockets.route, nic.index);
  const before = readHostRecord(context.sys, context.log, HOSTS_DIR, bridgeName)?.config;
  const present = mergeHostConfig(onNic, asOnNic(captureHostConfig(sockets.route, bridge.index), before));
  const config = interrupted === undefined ? present : mergeHostConfig(interrupted.config, present);
  const moves = interrupted !== undefined || nic.masterIndex !== bridge.index || onNic.addresses.length > 0;
  return ok({ nic, bridge, host: { bridge: bridgeName, nic: nic.name, nicMac: mac, config }, moves });
}

function carryOut(
  context: PluginContext,
  sockets: Sockets,
  config: NetworkConfig,
  { nic, bridge, host, moves }: Plan,
): Failure | undefined {
  const uplink = {
    bridge: bridge.name,
    nicIndex: nic.index,
    nicMac: host.nicMac,
    viaHost: config.ipsToRouteViaHost,
  };
  const pods = podAddresses(context, sockets.route, bridge);
  const refused = ensureRules(sockets.netfilter, uplink, { node: ipv4sOf(host.config), pods });
  if (refused !== undefined) return refused;
  // A DEL that began meanwhile may have removed its elements before they were added here.
  const staying = new Set(pods.length === 0 ? [] : podAddresses(context, sockets.route, bridge));
  const stuck = removePodElements(
    sockets.netfilter,
    pods.filter((address) => !staying.has(address)),
  );
  if (stuck !== undefined) return stuck;
  if (moves) {
    writeHostRecord(context.sys, JOURNAL_DIR, host);
    writeHostRecord(context.sys, HOSTS_DIR, host);
    const failed = context.log.step('move host addresses', () =>
      moveToBridge(sockets.route, nic, bridge, host.config),
    );
    if (failed !== undefined) return failed;
    noteMultipath(context, sockets, nic, bridge);
    copyLinkDns(context, nic.name, bridge.name);
  }
  keepNetworkdOff(context, nic.name, bridge.name);
  reattachPods(context, sockets.route, bridge);
  if (config.disableHairpinOnHostInterface !== false) return undefined;
  const batch = new MessageWriter();
  setHairpin(batch, nic.name, true);
  const refusal = sockets.route.request(batch);
  if (refusal !== undefined) context.log.note('warn', `hairpin on ${nic.name} was refused: ${refusal}`);
  return undefined;
}

function noteMultipath({ log }: PluginContext, { route }: Sockets, nic: Link, bridge: Link): void {
  const count = countMultipath(route);
  if (count === 0) return;
  const text = `${count} routes with several next hops are not moved; those through ${nic.name} must be set`;
  log.note('warn', `${text} again, through ${bridge.name}`);
}

/** Undoes a failed build: the NIC gets back what it had, and a bridge made by this call goes. */
function revert(context: PluginContext, sockets: Sockets, planned: Plan, isNew: boolean): void {
  const { nic, bridge, host, moves } = planned;
  if (!moves) return;
  const unruled = isNew ? removeRules(sockets.netfilter, bridge.name) : undefined;
  const failed = moveToNic(sockets.route, nic, bridge, host.config, { deleteBridge: isNew }) ?? unruled;
  if (failed !== undefined) {
    context.log.note('error', `undoing the network failed, the next call tries again: ${failed.message}`);
    return;
  }
  removeHostRecord(context.sys, JOURNAL_DIR, bridge.name);
  if (!isNew) return;
  removeHostRecord(context.sys, HOSTS_DIR, bridge.name);
  removeRecord(context.sys, networkdFile(bridge.name));
}

function ipv4sOf(config: HostConfig): Ipv4[] {
  return config.addresses
    .map((address) => ipv4NetOf(address)?.address)
    .filter((address) => address !== undefined);
}
