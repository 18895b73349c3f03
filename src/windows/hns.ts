/**
 * Hns: what the plugin asks of the host network service of Windows, in its own terms. Version 1 (hns-v1.ts) is
 * for containers that Docker and the old kubelet made, version 2 (hns-v2.ts) for those with a namespace.
 *
 *     network (l2bridge on the NIC) ── endpoint (address, policies) ── attached to ── namespace or container
 */
import type { Cidr, Ipv4Net } from '../net/cidr.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { MacAddress } from '../net/mac.ts';
import { type Failure, type FailureCode, failure } from '../sys/failure.ts';
import type { JsonObject } from '../sys/json.ts';
import type { Result } from '../sys/result.ts';
import type { DnsSettings } from './dns.ts';
import type { EndpointPolicy } from './policies.ts';

export type HnsVersion = 1 | 2;

export interface HnsNetwork {
  readonly id: string;
  readonly name: string;
  /** As HNS writes it: `L2Bridge`, `l2bridge`, `nat` … */
  readonly type: string;
  /** Address prefixes of its subnets. */
  readonly subnets: readonly string[];
}

export interface HnsEndpoint {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly mac?: MacAddress;
  readonly addresses: readonly Ipv4Net[];
  readonly gateway?: Ipv4;
  /** The namespace that it is in, and the containers that it is attached to, lower case. */
  readonly attachedTo: readonly string[];
}

/** Why there is no answer; `message` is one line. */
export interface HnsError {
  readonly kind: 'not-found' | 'refused' | 'timeout' | 'missing';
  readonly message: string;
}

export interface NetworkPlan {
  readonly name: string;
  readonly mode: 'l2bridge' | 'l2tunnel';
  /** Empty: HNS finds the adapter itself. */
  readonly adapter: string;
  readonly subnet: Cidr;
  readonly gateway: Ipv4;
  readonly dns: DnsSettings;
  /** AdditionalArgs of the class NetworkPolicy, as they came. */
  readonly policies: readonly JsonObject[];
}

export interface EndpointPlan {
  readonly name: string;
  readonly networkId: string;
  readonly addresses: readonly Ipv4Net[];
  readonly routes: readonly { readonly dst: Cidr; readonly gateway?: Ipv4 }[];
  readonly dns: DnsSettings;
  readonly policies: readonly EndpointPolicy[];
}

export interface Hns {
  readonly version: HnsVersion;
  networkById(id: string): Result<HnsNetwork | undefined, HnsError>;
  networkByName(name: string): Result<HnsNetwork | undefined, HnsError>;
  createNetwork(plan: NetworkPlan): Result<HnsNetwork, HnsError>;
  deleteNetwork(id: string): Result<void, HnsError>;
  endpointById(id: string): Result<HnsEndpoint | undefined, HnsError>;
  /** Names are not unique in HNS. */
  endpointsNamed(name: string): Result<readonly HnsEndpoint[], HnsError>;
  endpointsOf(networkId: string): Result<readonly HnsEndpoint[], HnsError>;
  createEndpoint(plan: EndpointPlan): Result<HnsEndpoint, HnsError>;
  /** Takes it from where it is attached, and deletes it; one that is gone is fine. */
  deleteEndpoint(id: string): Result<void, HnsError>;
  /** True while what it is attached to is there: false for what a reboot has left. */
  isInUse(endpoint: HnsEndpoint): Result<boolean, HnsError>;
  /** `target` is a namespace for version 2, a container for version 1; attached already is fine. */
  attach(endpointId: string, target: string): Result<void, HnsError>;
  /** Not attached, or no such target any more, is fine. */
  detach(endpointId: string, target: string): Result<void, HnsError>;
  /** Major and minor number of HNS itself. */
  release(): Result<HnsRelease, HnsError>;
}

export interface HnsRelease {
  readonly major: number;
  readonly minor: number;
}

/** Version 2 exists since Windows Server 2019 (HNS 9.2). */
export function speaksVersion2({ major, minor }: HnsRelease): boolean {
  return major > 9 || (major === 9 && minor >= 2);
}

/** Direct server return: HNS 9.3 and later of that line, then 10.2 and later. */
export function knowsDsr({ major, minor }: HnsRelease): boolean {
  return major > 10 || (major === 10 && minor >= 2) || (major === 9 && minor >= 3);
}

/** The failure for the runtime: what HNS refuses has the code of the step, silence may be tried again. */
export function hnsFailure(code: FailureCode, what: string, error: HnsError): Failure {
  if (error.kind === 'timeout') {
    const advice =
      'the call is tried again; if it lasts, look at the service: Get-Service hns, Restart-Service hns';
    return tryAgain(failure(code, `${what}: ${error.message}; ${advice}`));
  }
  if (error.kind === 'missing') {
    const advice = 'install the Windows feature Containers: Install-WindowsFeature Containers';
    return tryAgain(failure(code, `${what}: ${error.message}; ${advice}`));
  }
  return failure(code, `${what}: ${error.message}`);
}

/** A failure that the runtime is to try again (SPEC.md "Error", code 11). */
export function tryAgain(failed: Failure): Failure {
  return { ...failed, cniCode: 11 };
}
