/** The network of a conflist in HNS: found as it was recorded, adopted by its name, or made. */
import type { CniDns } from '../cni/types.ts';
import { type Cidr, cidrEquals, formatCidr, gatewayOf } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { findAdapter, isOfSwitch, nicName } from './adapters.ts';
import type { WindowsCall } from './call.ts';
import { networkDns } from './dns.ts';
import { exclusively, NETWORK_LOCK } from './exclusive.ts';
import { type Hns, type HnsNetwork, hnsFailure } from './hns.ts';
import { type NetworkRecord, readNetwork, writeNetwork } from './records.ts';

/** Before Windows Server 2019 the network of the VM is down for some seconds while HNS binds its switch to the NIC. */
const OLD_SWITCH_MS = 10_000;

/** What the first address says of its network. */
export interface NetworkFacts {
  readonly subnet: Cidr;
  readonly gateway: Ipv4 | undefined;
  /** Of IPAM. */
  readonly dns: CniDns;
}

/**
 * The network, made when there is none. Of several calls that find none one makes it, the others wait.
 * Failures: NO_MASTER, NETWORK_SETUP, LOCK_TIMEOUT.
 */
export function joinNetwork(
  call: WindowsCall,
  hns: Hns,
  facts: NetworkFacts,
): Result<NetworkRecord, Failure> {
  const standing = asRecorded(call, hns, facts);
  if (!standing.ok) return standing;
  if (standing.value !== undefined) return ok(standing.value);
  const done = exclusively(call.context, NETWORK_LOCK, call.lockWaitMs, () =>
    call.context.log.step('network', () => adoptOrMake(call, hns, facts)),
  );
  return done.ok ? done.value : done;
}

function asRecorded(
  { context, config }: WindowsCall,
  hns: Hns,
  { subnet }: NetworkFacts,
): Result<NetworkRecord | undefined, Failure> {
  const record = readNetwork(context.sys, context.log, config.name);
  if (record === undefined) return ok(undefined);
  const found = hns.networkById(record.hnsId);
  if (!found.ok) return err(hnsFailure('NETWORK_SETUP', `network ${config.name}`, found.error));
  if (found.value === undefined) {
    context.log.note('warn', `network ${config.name} is gone from HNS, and is made again`);
    return ok(undefined);
  }
  if (!cidrEquals(record.subnet, subnet))
    return err(otherSubnet(config.name, formatCidr(record.subnet), subnet));
  return ok(record);
}

function adoptOrMake(call: WindowsCall, hns: Hns, facts: NetworkFacts): Result<NetworkRecord, Failure> {
  const { config, context, sys } = call;
  const recorded = asRecorded(call, hns, facts);
  if (!recorded.ok) return recorded;
  if (recorded.value !== undefined) return ok(recorded.value);
  const adapter = findAdapter(sys.adapters(), facts.subnet, config.master);
  if (!adapter.ok) return adapter;
  const existing = hns.networkByName(config.name);
  if (!existing.ok) return err(hnsFailure('NETWORK_SETUP', `network ${config.name}`, existing.error));
  const obstacle = existing.value && obstacleOf(existing.value, call, facts.subnet);
  if (obstacle !== undefined) return err(obstacle);
  if (existing.value !== undefined)
    context.log.note('info', `network ${config.name} is in HNS already, and is used`);
  const network = existing.value ? ok(existing.value) : make(call, hns, facts, adapter.value.name);
  if (!network.ok) return network;
  const record: NetworkRecord = {
    name: config.name,
    hnsId: network.value.id,
    version: hns.version,
    subnet: facts.subnet,
    nic: nicName(adapter.value.name),
    bootId: sys.bootId(),
  };
  writeNetwork(sys, record);
  return ok(record);
}

/** Why a network of this name cannot be used: it is another one. */
function obstacleOf(
  { type, subnets, name }: HnsNetwork,
  { config }: WindowsCall,
  subnet: Cidr,
): Failure | undefined {
  if (type !== '' && type.toLowerCase() !== config.mode) {
    const text = `HNS has a network "${name}" of type ${type}, not ${config.mode}`;
    return failure('NETWORK_SETUP', `${text}; give this one another "name", or remove that one`);
  }
  if (subnets.length > 0 && !subnets.includes(formatCidr(subnet))) {
    return otherSubnet(name, subnets.join(', '), subnet);
  }
  return undefined;
}

function otherSubnet(name: string, has: string, wanted: Cidr): Failure {
  const text = `network "${name}" has the subnet ${has}, but the address is of ${formatCidr(wanted)}`;
  return failure('NETWORK_SETUP', `${text}; give each subnet a network with a "name" of its own`);
}

function make(
  { config, context, sys }: WindowsCall,
  hns: Hns,
  { subnet, gateway: told, dns }: NetworkFacts,
  master: string,
): Result<HnsNetwork, Failure> {
  const gateway = told ?? gatewayOf(subnet);
  if (gateway === undefined) {
    return err(failure('NETWORK_SETUP', `${formatCidr(subnet)} has no gateway; HNS needs one`));
  }
  const adapter = adapterForHns(hns, config.adapterName, master);
  const created = hns.createNetwork({
    name: config.name,
    mode: config.mode,
    adapter,
    subnet,
    gateway,
    dns: networkDns(config.dns, dns),
    policies: config.networkPolicies,
  });
  const what = hns.version === 2 ? 'hcn network' : 'network';
  if (!created.ok) {
    return err(
      hnsFailure('NETWORK_SETUP', `Failed to create ${what}: ${config.name} due to error`, created.error),
    );
  }
  const release = hns.release();
  if (release.ok && release.value.major < 9) {
    context.log.step('switch binds to the NIC', () => sys.sleepMs(OLD_SWITCH_MS));
  }
  return created;
}

/** HNS makes no switch on an adapter of a switch: it is then not told any, and takes the one that there is. */
function adapterForHns(hns: Hns, adapterName: string | undefined, master: string): string {
  if (hns.version === 2 && adapterName !== undefined) return adapterName;
  const adapter = adapterName ?? master;
  return isOfSwitch(adapter) ? '' : adapter;
}
