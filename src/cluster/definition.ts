/**
 * A cluster definition after reading and validation: typed, defaults applied, nothing left to check.
 *
 * Field names and defaults are those of acs-engine's "vlabs" cluster definition,
 * https://github.com/Azure/acs-engine/blob/master/docs/clusterdefinition.md. Where something was written in
 * the file is kept apart from it (draft.ts): planning and generating need values only.
 */
import type { Cidr, Ipv4Net } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { SubnetId } from './subnet-id.ts';

export interface ClusterDefinition {
  readonly kubernetes: KubernetesVersion;
  readonly network: ClusterNetwork;
  readonly master: MasterProfile;
  /** In the order of the file. */
  readonly pools: readonly AgentPool[];
  readonly linux: LinuxProfile;
  /** Present when a pool runs Windows. */
  readonly windows?: WindowsProfile;
  /** Absent when managed identities are used. */
  readonly servicePrincipal?: ServicePrincipal;
  /** Every subnet with nodes in it, the masters' first. */
  readonly subnets: readonly Subnet[];
}

export interface KubernetesVersion {
  /** `1.10` */
  readonly release: string;
  /** `1.10.13`; absent when only the release is given. */
  readonly version?: string;
}

export interface ClusterNetwork {
  /** Address space of the virtual network. */
  readonly vnetCidr: Cidr;
  /** True when the definition names an existing virtual network, false when the template makes one. */
  readonly customVnet: boolean;
  /** The range that the nodes' and pods' addresses come from. */
  readonly clusterSubnet: Cidr;
  readonly serviceCidr: Cidr;
  readonly dnsServiceIp: Ipv4;
  /** The address of Docker's own bridge, with its network. */
  readonly dockerBridge: Ipv4Net;
  readonly networkPolicy: '' | 'azure' | 'calico';
  readonly loadBalancerSku: 'Basic' | 'Standard';
  /** `v1.0.15`; what is to be installed of azure-vnet when the definition says so. */
  readonly azureCniVersion?: string;
}

export type AvailabilityProfile = 'AvailabilitySet' | 'VirtualMachineScaleSets';
export type OsType = 'Linux' | 'Windows';

/** What the addresses follow from: known also of a definition in which accounts, ids and sizes are not filled in. */
export interface ClusterLayout {
  readonly network: Pick<ClusterNetwork, 'vnetCidr'>;
  readonly master: MasterLayout;
  readonly pools: readonly PoolLayout[];
  readonly subnets: readonly Subnet[];
}

/** What masters and pools have in common, as far as addresses are concerned. */
export interface NodeLayout {
  /** Number of nodes. */
  readonly count: number;
  readonly availability: AvailabilityProfile;
  /** Addresses of a node, its own included: ipconfigs of its NIC. 1 to 256. */
  readonly ipAddressCount: number;
  /** kubelet's --max-pods, 1 to 250. */
  readonly maxPods: number;
  readonly subnet: Subnet;
}

export interface MasterLayout extends NodeLayout {
  readonly count: 1 | 3 | 5;
  /** As written; Azure wants DNS labels in lower case. */
  readonly dnsPrefix: string;
  /** Address of the first master; the others follow. Absent for masters in a scale set: Azure chooses. */
  readonly firstStaticIp?: Ipv4;
}

export interface PoolLayout extends NodeLayout {
  readonly name: string;
  readonly osType: OsType;
}

/** What masters and pools have in common. */
export interface NodeProfile extends NodeLayout {
  readonly vmSize: string;
  /** In Azure's own unit; absent: that of the image. */
  readonly osDiskSizeGb?: number;
  /** Availability zones, `1` to `3`; empty: none. */
  readonly zones: readonly string[];
  /** All of kubelet's flags that the definition sets, --max-pods included, dashes included. */
  readonly kubeletFlags: ReadonlyMap<string, string>;
}

export interface MasterProfile extends NodeProfile, MasterLayout {
  readonly count: 1 | 3 | 5;
}

export interface AgentPool extends NodeProfile, PoolLayout {
  /** Sizes of additional data disks. */
  readonly dataDiskSizesGb: readonly number[];
}

export interface Subnet {
  readonly name: string;
  readonly cidr: Cidr;
  /** Absent when the template makes the virtual network. */
  readonly id?: SubnetId;
}

export interface LinuxProfile {
  readonly adminUsername: string;
  /** OpenSSH public keys, one line each; at least one. */
  readonly sshPublicKeys: readonly string[];
}

export interface WindowsProfile {
  readonly adminUsername: string;
  /** A secret: only ever the value of a secureString parameter. */
  readonly adminPassword: string;
}

export interface ServicePrincipal {
  readonly clientId: string;
  readonly secret: Secret;
}

export type Secret =
  /** A secret: only ever the value of a secureString parameter. */
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'keyVault';
      /** Resource id of the vault. */
      readonly vaultId: string;
      readonly secretName: string;
      readonly secretVersion?: string;
    };
