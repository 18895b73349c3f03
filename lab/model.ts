/** The state of a lab, as it is kept in state.json: all that a later command needs. */
import type { CacheDocument } from '../src/cni/runtime/cache.ts';
import type { Anchor } from './host/anchor.ts';

export const STATE_VERSION = 1;

export interface LabState {
  readonly version: typeof STATE_VERSION;
  readonly name: string;
  /** The subnet of NICs that name none, such as "10.240.0.0/16". */
  readonly subnet: string;
  /** The lab ends with the process that made it. */
  readonly tied: boolean;
  /** Absent while the lab is being made. */
  readonly fabric?: Anchor;
  readonly internet?: Anchor;
  readonly wireserver: WireserverMode;
  readonly vms: readonly VmState[];
}

export interface VmState {
  readonly name: string;
  readonly anchor: Anchor;
  /** eth0 first. */
  readonly nics: readonly NicState[];
  /** Directories of the plugins, in the order of CNI_PATH. */
  readonly cniPath: readonly string[];
  readonly pods: readonly PodState[];
}

/** A NIC of a VM. Its secondary addresses are ipconfigs of Azure, they are not on the interface. */
export interface NicState {
  /** Name in the VM: eth0, eth1. */
  readonly name: string;
  /** Name of the other end, in the fabric: vm1-eth0. */
  readonly port: string;
  readonly mac: string;
  readonly mtu: number;
  readonly subnet: string;
  readonly primary: string;
  readonly secondaries: readonly string[];
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

export interface PodState {
  readonly name: string;
  readonly containerId: string;
  readonly ports: readonly PortMapping[];
  /** Path of the network namespace, inside the VM. */
  readonly netns: string;
  /** What the runtime remembers between ADD and DEL. */
  readonly cache: CacheDocument;
  /** IPv4 addresses of the result, without prefix. */
  readonly addresses: readonly string[];
}

/** How the wireserver answers; see docs/lab.md. */
export const WIRESERVER_MODES = [
  'ok',
  'refuse',
  'blackhole',
  'hang',
  '500',
  'half',
  'huge',
  'garbage',
  'empty',
  'nomac',
] as const;
export type WireserverMode = (typeof WIRESERVER_MODES)[number];

/** The MAC address with which Azure's fabric answers every ARP request. */
export const FABRIC_MAC = '12:34:56:78:9a:bc';
export const WIRESERVER_ADDRESS = '168.63.129.16';
export const IMDS_ADDRESS = '169.254.169.254';
export const INTERNET_ADDRESS = '203.0.113.10';
export const INTERNET_GATEWAY = '203.0.113.1';
