/**
 * The shapes of the CNI protocol after parsing: what the plugins work with.
 * CNI specification 1.1.0, https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md
 */
import type { Cidr, Ipv4Net } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Ipv6, Ipv6Net } from '../net/ipv6.ts';
import type { OperationLog } from '../state/oplog.ts';
import type { Failure } from '../sys/failure.ts';
import type { JsonObject } from '../sys/json.ts';
import type { Result } from '../sys/result.ts';
import type { Sys } from '../sys/sys.ts';

export type { JsonObject, JsonValue } from '../sys/json.ts';

export const CNI_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

export type CniCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

/** An address with its prefix length, of either family. */
export type IpNet = ({ readonly family: 4 } & Ipv4Net) | ({ readonly family: 6 } & Ipv6Net);
export type Ip =
  | { readonly family: 4; readonly address: Ipv4 }
  | { readonly family: 6; readonly address: Ipv6 };

export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  /** Printed from 1.1.0 on. */
  readonly mtu?: number;
  /** The CNI_NETNS path for an interface inside the container, absent for one of the host. */
  readonly sandbox?: string;
  readonly socketPath?: string;
  readonly pciID?: string;
}

export interface CniIp {
  readonly address: IpNet;
  readonly gateway?: Ip;
  /** Index into `interfaces`. */
  readonly interface?: number;
}

export interface CniRoute {
  readonly dst: IpNet;
  readonly gw?: Ip;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

export interface CniDns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** A result without a version: it is converted when it is read and when it is printed. */
export interface CniResult {
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
}

/** CNI_ARGS after parsing; all optional, in any order. */
export interface CniArgs {
  /** `IP=`: a requested address. */
  readonly ip?: Ipv4;
  readonly podName?: string;
  readonly podNamespace?: string;
  readonly podInfraContainerId?: string;
}

/** The environment of one call, validated by the rules of the command. */
export interface CniEnvironment {
  readonly command: CniCommand;
  /** Empty for the commands that have none (GC, STATUS, VERSION). */
  readonly containerId: string;
  readonly ifname: string;
  /** Empty when absent: "already gone" on DEL. */
  readonly netns: string;
  readonly path: readonly string[];
  readonly args: CniArgs;
  /** CNI_NETNS_OVERRIDE=1|true: the own-namespace check is off. */
  readonly netnsOverride: boolean;
}

/** One attachment, the key of everything that is remembered. */
export interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
}

/** One request: the environment, and the configuration both parsed and as it came. */
export interface CniRequest {
  readonly env: CniEnvironment;
  readonly version: CniVersion;
  /** `name` of the network. */
  readonly networkName: string;
  /** The whole configuration, key case as it came; what delegated plugins get. */
  readonly config: JsonObject;
  readonly prevResult?: CniResult;
  /** GC only: both spellings of the key merged; absent key means none is valid. */
  readonly validAttachments: readonly Attachment[];
  /** What the configuration means to our own IPAM, when the plugin that calls it in its process has read it. */
  readonly ipamConfig?: IpamConfig;
}

/** What a plugin function may use. */
export interface PluginContext {
  readonly sys: Sys;
  readonly log: OperationLog;
}

/** A plugin: the dispatcher has checked environment, configuration and version before it calls one. */
export interface CniPlugin {
  readonly name: 'azure-vnet' | 'azure-vnet-ipam';
  add(context: PluginContext, request: CniRequest): Result<CniResult, Failure>;
  del(context: PluginContext, request: CniRequest): Result<void, Failure>;
  check(context: PluginContext, request: CniRequest): Result<void, Failure>;
  gc(context: PluginContext, request: CniRequest): Result<void, Failure>;
  status(context: PluginContext, request: CniRequest): Result<void, Failure>;
}

/** The `ipam` object of the configuration, as azure-vnet-ipam reads it. */
export interface IpamConfig {
  readonly environment: 'azure' | 'file';
  readonly subnet?: Cidr;
  readonly ipAddress?: Ipv4;
  /** How long a cached answer of the source is good. */
  readonly queryIntervalMs: number;
  /** Address of the wireserver query; http only. */
  readonly queryUrl?: string;
  /** Path of the file source. */
  readonly sourceFile?: string;
  /** Restricts the choice of the pool to this NIC. */
  readonly master?: string;
  /** From CNI_ARGS IP=, args.cni.ips, runtimeConfig.ips (the last wins) or ipam.ipAddress. */
  readonly requested?: Ipv4;
}

/** The configuration of azure-vnet in bridge mode. */
export interface NetworkConfig {
  readonly name: string;
  readonly master?: string;
  readonly bridge?: string;
  readonly logLevel?: string;
  readonly ipsToRouteViaHost: readonly Ipv4[];
  /** Absent: hairpin stays off on the NIC's port. */
  readonly disableHairpinOnHostInterface?: boolean;
  readonly ipamType: string;
  readonly dns: CniDns;
}
