/** What `azure-vnet status` says, as a document: the table for people shows the same. */
import { formatCidr, formatIpv4Net } from '../../net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.ts';
import { formatTime } from '../age.ts';
import type { EndpointFacts, NetworkFacts, NodeFacts } from '../node/facts.ts';
import type { HeldLease } from '../node/leases.ts';
import type { PoolFacts } from '../node/pools.ts';
import type { Problem } from '../node/problem.ts';

export interface StatusReport {
  readonly version: string;
  /** RFC 3339, as all times below. */
  readonly time: string;
  readonly networks: readonly NetworkReport[];
  readonly pools: readonly PoolReport[];
  readonly addresses: readonly AddressReport[];
  /** Deletions that have begun, moves that were interrupted. */
  readonly pending: readonly PendingReport[];
  readonly problems: readonly Problem[];
}

export interface NetworkReport {
  readonly name: string;
  readonly bridge: string;
  readonly bridgeState: 'up' | 'down' | 'missing';
  readonly nic: string;
  readonly mac: string;
  /** Of the NIC, and so of the pods; 0 when the NIC is gone. */
  readonly mtu: number;
  readonly subnet: string;
  readonly nodeAddresses: readonly string[];
  readonly rulesComplete: boolean;
  readonly pods: number;
}

export interface PoolReport {
  readonly subnet: string;
  readonly nic: string;
  readonly size: number;
  readonly used: number;
  readonly resting: number;
  readonly free: number;
  readonly onHost: number;
  readonly source: string;
  readonly asked: string;
}

/** An address that somebody has. */
export interface AddressReport {
  readonly address: string;
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  readonly hostVeth?: string;
  readonly sandbox?: string;
  readonly since?: string;
  /** `lease`: no endpoint has the address, `endpoint`: there is no lease for it. */
  readonly recordedBy: 'both' | 'lease' | 'endpoint';
}

export interface PendingReport {
  readonly what: 'del' | 'move';
  /** What it is about, for people. */
  readonly text: string;
  readonly since?: string;
}

export function statusReport(version: string, facts: NodeFacts, problems: readonly Problem[]): StatusReport {
  return {
    version,
    time: formatTime(facts.nowMs),
    networks: facts.networks.map((network) => networkReport(network, facts.endpoints)),
    pools: facts.pools.map(poolReport),
    addresses: addressReports(facts),
    pending: [
      ...facts.interruptedMoves.map((bridge) => ({
        what: 'move' as const,
        text: `addresses of the node to ${bridge}`,
      })),
      ...facts.pending.map((record) => ({
        what: 'del' as const,
        text: `link ${record.hostVeth} of container ${record.containerId}`,
        since: formatTime(record.sinceMs),
      })),
    ],
    problems,
  };
}

function networkReport(network: NetworkFacts, endpoints: readonly EndpointFacts[]): NetworkReport {
  const { record, bridge, nic, bridgeAddresses, nicAddresses, rulesComplete } = network;
  return {
    name: record.name,
    bridge: record.bridge,
    bridgeState: bridge?.kind !== 'bridge' ? 'missing' : bridge.up ? 'up' : 'down',
    nic: nic?.name ?? record.nic,
    mac: record.nicMac,
    mtu: nic?.mtu ?? 0,
    subnet: formatCidr(record.subnet),
    nodeAddresses: [...bridgeAddresses, ...nicAddresses].map(formatIpv4Net),
    rulesComplete,
    pods: endpoints.filter((endpoint) => endpoint.record.network === record.name).length,
  };
}

function poolReport({ pool, source, fetchedMs, leased, resting, free, onHost }: PoolFacts): PoolReport {
  return {
    subnet: formatCidr(pool.subnet),
    nic: pool.nic.name,
    size: pool.addresses.length,
    used: leased.length,
    resting: resting.length,
    free: free.length,
    onHost: onHost.length,
    source,
    asked: formatTime(fetchedMs),
  };
}

/** Leases and endpoints together, by address. */
function addressReports({ leases, endpoints }: NodeFacts): AddressReport[] {
  const held = endpoints.flatMap((endpoint) =>
    endpoint.record.addresses.map((address) => ({ address, endpoint })),
  );
  const addresses = [...new Set([...leases, ...held].map(({ address }) => address))].sort((a, b) => a - b);
  return addresses.map((address) => {
    const lease = leases.find((candidate) => candidate.address === address);
    const endpoint = held.find((candidate) => candidate.address === address)?.endpoint;
    return addressReport(address, lease, endpoint);
  });
}

function addressReport(
  address: Ipv4,
  lease: HeldLease | undefined,
  endpoint: EndpointFacts | undefined,
): AddressReport {
  const owner = endpoint?.record ?? lease;
  if (owner === undefined) throw new Error(`Internal error: nobody has ${formatIpv4(address)}`);
  const { podName, podNamespace, sinceMs } = owner;
  return {
    address: formatIpv4(address),
    network: owner.network,
    containerId: owner.containerId,
    ifname: owner.ifname,
    ...(podName === undefined ? {} : { podName }),
    ...(podNamespace === undefined ? {} : { podNamespace }),
    ...(endpoint === undefined
      ? {}
      : { hostVeth: endpoint.record.hostVeth, sandbox: endpoint.record.sandbox }),
    ...(sinceMs === undefined ? {} : { since: formatTime(sinceMs) }),
    recordedBy: lease === undefined ? 'endpoint' : endpoint === undefined ? 'lease' : 'both',
  };
}
