/** What is known of this node: records and kernel side by side, values only. */
import type { Ipv4Net } from '../../net/cidr.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import type { MacAddress } from '../../net/mac.ts';
import type { Link } from '../../net/rtnl/link.ts';
import type { EndpointRecord } from '../../vnet/endpoint-record.ts';
import type { NetworkRecord } from '../../vnet/network-record.ts';
import type { HeldLease } from './leases.ts';
import type { PoolFacts } from './pools.ts';
import type { SandboxState } from './sandbox-state.ts';

export interface NetworkFacts {
  readonly record: NetworkRecord;
  /** The link of the bridge's name, whatever it is. */
  readonly bridge?: Link;
  /** The link with the NIC's MAC that is no bridge. */
  readonly nic?: Link;
  readonly rulesComplete: boolean;
  readonly bridgeAddresses: readonly Ipv4Net[];
  readonly nicAddresses: readonly Ipv4Net[];
  /** What the node had on the NIC when the bridge took its place. */
  readonly nodeAddresses: readonly Ipv4Net[];
}

export interface EndpointFacts {
  readonly record: EndpointRecord;
  readonly link?: Link;
  /** In the map and in the set of the layer-2 rules, each address. */
  readonly hasElements: boolean;
  readonly sandbox: SandboxState;
}

/** The host end of a pod for which there is no record. */
export interface StrayLink {
  readonly name: string;
  readonly address: Ipv4;
  readonly masterIndex?: number;
}

/** What a NIC had when a bridge took its place; IPv4 only. */
export interface HostFacts {
  readonly bridge: string;
  readonly nic: string;
  readonly nicMac: MacAddress;
  readonly addresses: readonly Ipv4Net[];
}

export interface BridgeFacts {
  readonly link: Link;
  readonly addresses: readonly Ipv4Net[];
}

export interface NodeFacts {
  readonly nowMs: number;
  readonly networks: readonly NetworkFacts[];
  readonly endpoints: readonly EndpointFacts[];
  /** Deletions that have begun. */
  readonly pending: readonly EndpointRecord[];
  readonly leases: readonly HeldLease[];
  readonly pools: readonly PoolFacts[];
  readonly strayLinks: readonly StrayLink[];
  /** Addresses in the map of the layer-2 rules without record and link. */
  readonly strayElements: readonly Ipv4[];
  /** Bridges to which the host's addresses were on their way when a call was interrupted. */
  readonly interruptedMoves: readonly string[];
  /** Bridges that took a NIC's place, as the records have it. */
  readonly hosts: readonly HostFacts[];
  /** Every bridge of the kernel. */
  readonly bridges: readonly BridgeFacts[];
  /** Paths of damaged records. */
  readonly damaged: readonly string[];
  /** Why the layer-2 rules could not be read: an errno name. */
  readonly netfilterError?: string;
}
