/** What reading and validating a cluster definition have to say about it. */

/** `error`: it cannot be deployed; `warning`: it can, and will hurt; `note`: something was taken differently. */
export type Severity = 'error' | 'warning' | 'note';

/** A value in the file. */
export interface Place {
  /** Name of the file as the user gave it; `-` for stdin. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /** The line, without its end; of a very long one the part around the value. */
  readonly sourceLine: string;
  /** First character of the value in `sourceLine`, from 0, in characters (code points). */
  readonly pointerStart: number;
  /** Characters of the value on this line, at least 1. */
  readonly pointerLength: number;
  /** Path of the value, `properties.masterProfile.count`; empty for the document. */
  readonly path: string;
}

/** Stable: scripts may rely on them. docs/cluster.md says what they mean. */
export const FINDING_CODES = [
  'syntax',
  'too-deep',
  'too-large',
  'too-many-findings',
  'remark',
  'placeholder',
  'duplicate-key',
  'unknown-key',
  'not-carried-out',
  'wrong-type',
  'out-of-range',
  'unknown-value',
  'letter-case',
  'missing',
  'bad-address',
  'bad-cidr',
  'host-bits',
  'bad-subnet-id',
  'bad-vault-id',
  'dns-prefix',
  'pool-name',
  'vm-size',
  'azure-cni-version',
  'master-count',
  'not-for-kubernetes',
  'max-pods',
  'max-pods-spelling',
  'max-pods-ignored',
  'kubelet-flag',
  'client-id',
  'several-keys',
  'ssh-key',
  'admin-username',
  'admin-password',
  'two-secrets',
  'api-version',
  'orchestrator',
  'kubernetes-version',
  'no-network-plugin-flag',
  'network-plugin',
  'network-policy',
  'network-mode',
  'basic-load-balancer',
  'load-balancer',
  'zones',
  'cluster-subnet-size',
  'service-range-size',
  'vnet-size',
  'vnet-cidr-missing',
  'subnet-outside-vnet',
  'service-range-overlap',
  'docker-bridge-overlap',
  'forbidden-range',
  'service-pair',
  'dns-service-ip',
  'subnet-missing',
  'agent-subnet',
  'several-vnets',
  'unknown-subnet',
  'subnet-range-missing',
  'subnets-overlap',
  'static-ip-in-scale-set',
  'static-ip-carry',
  'static-ip-outside-subnet',
  'static-ip-reserved',
  'static-ip-in-dynamic-reach',
  'few-addresses',
  'many-addresses',
  'subnet-full',
  'subnet-no-surge',
  'many-pods',
  'many-resources',
  'availability-mixed',
  'storage-profile',
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** One line: the value, the limit, and the next step. */
  readonly message: string;
  readonly place: Place;
  /** The other side of a conflict, with what it is: `clusterSubnet is here`. */
  readonly other?: { readonly label: string; readonly place: Place };
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
