/** The definition as it was written: every field with its place, nothing compared with anything yet. */
import type { Cidr, Ipv4Net } from '../../net/cidr.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import type { AvailabilityProfile, OsType } from '../definition.ts';
import type { SubnetId } from '../subnet-id.ts';
import type { Field } from './field.ts';
import type { Spot } from './report.ts';

export interface Draft {
  readonly apiVersion: Field<string>;
  readonly properties: Spot;
  readonly orchestrator: OrchestratorDraft;
  readonly network: NetworkDraft;
  readonly kubelet: KubeletDraft;
  readonly master: MasterDraft;
  readonly pools: readonly PoolDraft[];
  readonly linux: LinuxDraft;
  readonly windows: WindowsDraft | undefined;
  readonly servicePrincipal: ServicePrincipalDraft | undefined;
  readonly useManagedIdentity: Field<boolean>;
}

export interface OrchestratorDraft {
  readonly type: Field<string>;
  readonly release: Field<string>;
  readonly version: Field<string>;
}

export type NetworkPlugin = 'azure' | 'kubenet' | 'cilium' | 'flannel' | 'antrea';
export type NetworkPolicy = 'azure' | 'calico' | 'cilium' | 'antrea' | 'none';

export interface NetworkDraft {
  readonly plugin: Field<NetworkPlugin>;
  readonly policy: Field<NetworkPolicy>;
  readonly mode: Field<'bridge' | 'transparent'>;
  readonly clusterSubnet: Field<Cidr>;
  readonly serviceCidr: Field<Cidr>;
  readonly dnsServiceIp: Field<Ipv4>;
  readonly dockerBridge: Field<Ipv4Net>;
  readonly vnetCidr: Field<Cidr>;
  readonly loadBalancerSku: Field<'Basic' | 'Standard'>;
  readonly excludeMasters: Field<boolean>;
  readonly azureCniVersion: Field<string>;
}

export interface KubeletDraft {
  readonly maxPods: Field<number>;
  /** The other flags, dashes included. */
  readonly flags: ReadonlyMap<string, string>;
}

export interface ProfileDraft {
  readonly spot: Spot;
  readonly count: Field<number>;
  readonly vmSize: Field<string>;
  readonly osDiskSizeGb: Field<number>;
  readonly subnetId: Field<SubnetId>;
  readonly availability: Field<AvailabilityProfile>;
  readonly ipAddressCount: Field<number>;
  readonly zones: Field<readonly string[]>;
  readonly storage: Field<'ManagedDisks' | 'StorageAccount' | 'Ephemeral'>;
  /** Its own flags, which go before those of the cluster. */
  readonly kubelet: KubeletDraft;
}

export interface MasterDraft extends ProfileDraft {
  readonly dnsPrefix: Field<string>;
  readonly firstStaticIp: Field<Ipv4>;
  readonly agentSubnetId: Field<SubnetId>;
}

export interface PoolDraft extends ProfileDraft {
  readonly name: Field<string>;
  readonly osType: Field<OsType>;
  readonly dataDiskSizesGb: Field<readonly number[]>;
}

export interface LinuxDraft {
  readonly adminUsername: Field<string>;
  readonly sshPublicKeys: readonly Field<string>[];
}

export interface WindowsDraft {
  readonly spot: Spot;
  readonly adminUsername: Field<string>;
  readonly adminPassword: Field<string>;
}

export interface ServicePrincipalDraft {
  readonly spot: Spot;
  readonly clientId: Field<string>;
  readonly secret: Field<string>;
  readonly keyVault:
    | {
        readonly spot: Spot;
        readonly vaultId: Field<string>;
        readonly name: Field<string>;
        readonly version: Field<string>;
      }
    | undefined;
}
