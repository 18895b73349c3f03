/** Collects what is known of this node. Changes nothing. */
import type { PluginContext } from '../../cni/types.ts';
import { type Ipv4, ipv4FromBytes } from '../../net/ipv4.ts';
import { macFromBytes } from '../../net/mac.ts';
import { NetlinkError } from '../../net/netlink/socket.ts';
import { listElements } from '../../net/nft/read.ts';
import { ipv4NetOf } from '../../net/rtnl/address.ts';
import type { Link } from '../../net/rtnl/link.ts';
import { OperationLog } from '../../state/oplog.ts';
import type { Sys } from '../../sys/sys.ts';
import { podLinks } from '../../vnet/adopt.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  listEndpoints,
  PENDING_DIR,
} from '../../vnet/endpoint-record.ts';
import { readHostLinks, Sockets } from '../../vnet/host-links.ts';
import { HOSTS_DIR, type HostRecord, JOURNAL_DIR, listHostRecords } from '../../vnet/host-record.ts';
import { L2_TABLE, LOCAL_IPS, POD_MACS } from '../../vnet/l2-expressions.ts';
import { rulesPresent } from '../../vnet/l2-rules.ts';
import type { HostLinks } from '../../vnet/master.ts';
import { podMac } from '../../vnet/names.ts';
import { listNetworks, type NetworkRecord } from '../../vnet/network-record.ts';
import type { EndpointFacts, HostFacts, NetworkFacts, NodeFacts } from './facts.ts';
import { readLeases } from './leases.ts';
import { type Observer, observe } from './observe.ts';
import { readPools } from './pools.ts';
import { sandboxState } from './sandbox-state.ts';

/** Throws a SysError or NetlinkError when the state or the kernel cannot be read at all. */
export function collectNode(sys: Sys): NodeFacts {
  const observer = observe(sys);
  // Remarks of the readers are about damaged records, which the observer collects.
  const context = { sys: observer.sys, log: new OperationLog(sys) };
  const sockets = new Sockets(context);
  try {
    return collect(observer, context, sockets);
  } finally {
    sockets.close();
  }
}

function collect(observer: Observer, context: PluginContext, sockets: Sockets): NodeFacts {
  const { sys } = context;
  // In the order of DEL, against that of ADD: what ADD makes last is read first, so that a pod which is being
  // added has its record already, and one that is being deleted has it still, in one of the two places.
  const elements = readElements(sockets);
  const host = readHostLinks(sockets.route);
  const pods = podLinks(sockets.route);
  const { leases, damaged: damagedLeases } = readLeases(context.sys);
  const records = listEndpoints(context.sys, context.log, ENDPOINTS_DIR);
  const pending = listEndpoints(context.sys, context.log, PENDING_DIR);
  const recorded = new Set([...records, ...pending].map(({ hostVeth }) => hostVeth));
  const hostAddresses = new Set([...host.addresses.values()].flat().map((net) => net.address));
  const { pools, damaged: damagedPools } = readPools(context.sys, hostAddresses);
  const owned = new Set([
    ...[...records, ...pending].flatMap(({ addresses }) => addresses),
    ...pods.map(({ address }) => address),
  ]);
  return {
    nowMs: sys.realtimeMs(),
    networks: networkFacts(context, sockets, host, elements.error === undefined),
    endpoints: records.map((record) => endpointFacts(sys, host, elements, record)),
    pending,
    leases,
    pools,
    strayLinks: pods
      .filter(({ link }) => !recorded.has(link.name))
      .map(({ link: { name, masterIndex }, address }) => ({
        name,
        address,
        ...(masterIndex === undefined ? {} : { masterIndex }),
      })),
    strayElements: [...elements.pods.keys()].filter((address) => !owned.has(address)),
    hosts: listHostRecords(context.sys, context.log, HOSTS_DIR).map(hostFacts),
    bridges: host.links
      .filter(({ kind }) => kind === 'bridge')
      .map((link) => ({ link, addresses: addressesOf(host, link) })),
    interruptedMoves: listHostRecords(context.sys, context.log, JOURNAL_DIR).map(({ bridge }) => bridge),
    damaged: [...observer.damaged, ...damagedLeases, ...damagedPools].sort(),
    ...(elements.error === undefined ? {} : { netfilterError: elements.error }),
  };
}

interface Elements {
  /** Pod address → MAC address as the map has it. */
  readonly pods: ReadonlyMap<Ipv4, string>;
  readonly local: ReadonlySet<Ipv4>;
  readonly error?: string;
}

function readElements(sockets: Sockets): Elements {
  try {
    const macs = listElements(sockets.netfilter, L2_TABLE, POD_MACS) ?? [];
    const local = listElements(sockets.netfilter, L2_TABLE, LOCAL_IPS) ?? [];
    return {
      pods: new Map(
        macs.map(({ key, value }) => [
          ipv4FromBytes(key),
          value === undefined ? '' : macFromBytes(value.subarray(0, MAC_BYTES)),
        ]),
      ),
      local: new Set(local.map(({ key }) => ipv4FromBytes(key))),
    };
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    return { pods: new Map(), local: new Set(), error: error.errno };
  }
}

function networkFacts(
  context: PluginContext,
  sockets: Sockets,
  host: HostLinks,
  netfilter: boolean,
): NetworkFacts[] {
  const hosts = listHostRecords(context.sys, context.log, HOSTS_DIR).map(hostFacts);
  return listNetworks(context.sys, context.log).map((record) => {
    const bridge = host.links.find((link) => link.name === record.bridge);
    const nic = nicOf(host, record);
    const { bridge: name, nicIndex, nicMac, viaHost } = record;
    return {
      record,
      ...(bridge === undefined ? {} : { bridge }),
      ...(nic === undefined ? {} : { nic }),
      rulesComplete:
        netfilter && rulesPresent(sockets.netfilter, { bridge: name, nicIndex, nicMac, viaHost }),
      bridgeAddresses: addressesOf(host, bridge),
      nicAddresses: addressesOf(host, nic),
      nodeAddresses: hosts.find(({ bridge }) => bridge === record.bridge)?.addresses ?? [],
    };
  });
}

/** By its index while that is right, else by its MAC address: a NIC may have been replugged. */
function nicOf({ links }: HostLinks, { nicIndex, nicMac }: NetworkRecord): Link | undefined {
  const mayBe = links.filter((link) => link.mac === nicMac && link.kind !== 'bridge');
  return mayBe.find((link) => link.index === nicIndex) ?? mayBe[0];
}

function addressesOf({ addresses }: HostLinks, link: Link | undefined) {
  return link === undefined ? [] : (addresses.get(link.index) ?? []);
}

function hostFacts({ bridge, nic, nicMac, config }: HostRecord): HostFacts {
  const addresses = config.addresses.map(ipv4NetOf).filter((net) => net !== undefined);
  return { bridge, nic, nicMac, addresses };
}

function endpointFacts(sys: Sys, host: HostLinks, elements: Elements, record: EndpointRecord): EndpointFacts {
  const link = host.links.find((candidate) => candidate.name === record.hostVeth);
  const hasElement = (address: Ipv4) =>
    elements.local.has(address) && elements.pods.get(address) === podMac(address);
  return {
    record,
    ...(link === undefined ? {} : { link }),
    hasElements: record.addresses.every(hasElement),
    sandbox: sandboxState(sys, record.sandbox),
  };
}

const MAC_BYTES = 6;
