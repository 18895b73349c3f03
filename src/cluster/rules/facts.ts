/** What rules compare: the draft with acs-engine's defaults in the places of what is left out. */
import type { Cidr, Ipv4Net } from '../../net/cidr.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import type { AvailabilityProfile, OsType } from '../definition.ts';
import type { ValidationOptions } from '../options.ts';
import type { Draft, ProfileDraft } from '../read/draft.ts';
import { type Field, given, valueOr } from '../read/field.ts';
import type { Report } from '../read/report.ts';
import { type SubnetId, sameSubnet } from '../subnet-id.ts';

/** 10.240.0.0/12, and the others: acs-engine's pkg/api/const.go. */
export const DEFAULTS = {
  clusterSubnet: { base: 0x0af00000 as Ipv4, prefixBits: 12 } satisfies Cidr,
  serviceCidr: { base: 0x0a000000 as Ipv4, prefixBits: 16 } satisfies Cidr,
  dnsServiceIp: 0x0a00000a as Ipv4,
  dockerBridge: { address: 0xac110001 as Ipv4, prefixBits: 16 } satisfies Ipv4Net,
  vnetCidr: { base: 0x0a000000 as Ipv4, prefixBits: 8 } satisfies Cidr,
  maxPods: 30,
  subnetName: 'k8s-subnet',
  release: '1.10',
  windowsRelease: '1.9',
} as const;

export interface Facts {
  readonly draft: Draft;
  readonly report: Report;
  readonly options: ValidationOptions;
  /** Undefined when what the file says of it is no version. */
  readonly version: Version | undefined;
  readonly hasWindows: boolean;
  /** An existing virtual network is named. */
  readonly customVnet: boolean;
  readonly clusterSubnet: Cidr | undefined;
  readonly vnetCidr: Cidr | undefined;
  /** The masters first, then the pools. */
  readonly groups: readonly Group[];
  /** With nodes in them; the masters' first. */
  readonly subnets: readonly SubnetFacts[];
}

export interface Version {
  readonly minor: number;
  /** Absent when only the release is given: the newest there is. */
  readonly patch?: number;
}

/** Masters or a pool. What is undefined is wrong in the file. */
export interface Group {
  readonly role: 'master' | 'agent';
  /** For messages: `the masters`, `pool "linux"`. */
  readonly label: string;
  readonly profile: ProfileDraft;
  readonly count: number | undefined;
  readonly maxPods: number | undefined;
  readonly ipAddressCount: number | undefined;
  readonly availability: AvailabilityProfile | undefined;
  readonly osType: OsType;
  readonly subnet: SubnetFacts | undefined;
}

export interface SubnetFacts {
  readonly name: string;
  readonly id?: SubnetId;
  /** Undefined when it is nowhere to be read, or wrong. */
  readonly cidr: Cidr | undefined;
  /** Where the file names it. */
  readonly field: Field<SubnetId>;
}

export function factsOf(draft: Draft, report: Report, options: ValidationOptions): Facts {
  const hasWindows = draft.pools.some(({ osType }) => given(osType) === 'Windows');
  const version = versionOf(draft, hasWindows);
  const { master, pools } = draft;
  const customVnet = master.subnetId.state !== 'absent';
  // The default is for a subnet that the template makes; that of somebody else has a range already.
  const written = draft.network.clusterSubnet;
  const subnetRange = customVnet ? given(written) : valueOr(written, DEFAULTS.clusterSubnet);
  const subnets = new Subnets(subnetRange, options);
  const mastersGroup = groupOf(draft, master, 'master', 'the masters', subnets.of(master.subnetId), 'Linux');
  const groups = pools.map((pool, index) => {
    const label = `pool ${pool.name.state === 'given' ? `"${pool.name.value}"` : index + 1}`;
    const subnetId = [pool.subnetId, master.agentSubnetId].find(({ state }) => state !== 'absent');
    const group = groupOf(
      draft,
      pool,
      'agent',
      label,
      subnets.of(subnetId ?? master.subnetId),
      given(pool.osType) ?? 'Linux',
    );
    const byDefault = hasScaleSets(version) ? 'VirtualMachineScaleSets' : 'AvailabilitySet';
    return { ...group, availability: valueOr(pool.availability, byDefault) };
  });
  return {
    draft,
    report,
    options,
    version,
    hasWindows,
    customVnet,
    clusterSubnet: written.state === 'absent' ? mastersGroup.subnet?.cidr : subnetRange,
    vnetCidr: valueOr(draft.network.vnetCidr, DEFAULTS.vnetCidr),
    groups: [mastersGroup, ...groups],
    subnets: subnets.all,
  };
}

function groupOf(
  draft: Draft,
  profile: ProfileDraft,
  role: Group['role'],
  label: string,
  subnet: SubnetFacts | undefined,
  osType: OsType,
): Group {
  const own = profile.kubelet.maxPods;
  const maxPods = valueOr(own.state === 'absent' ? draft.kubelet.maxPods : own, DEFAULTS.maxPods);
  return {
    role,
    label,
    profile,
    count: given(profile.count),
    maxPods,
    ipAddressCount:
      maxPods === undefined ? given(profile.ipAddressCount) : valueOr(profile.ipAddressCount, 1 + maxPods),
    availability: valueOr(profile.availability, 'AvailabilitySet'),
    osType,
    subnet,
  };
}

/** Gives out one object for each subnet, however often and in whatever letters it is named. */
class Subnets {
  readonly all: SubnetFacts[] = [];
  readonly #clusterSubnet: Cidr | undefined;
  readonly #options: ValidationOptions;

  constructor(clusterSubnet: Cidr | undefined, options: ValidationOptions) {
    this.#clusterSubnet = clusterSubnet;
    this.#options = options;
  }

  of(field: Field<SubnetId>): SubnetFacts | undefined {
    if (field.state === 'invalid') return undefined;
    const id = given(field);
    const known = this.all.find((one) =>
      id === undefined || one.id === undefined ? one.id === id : sameSubnet(one.id, id),
    );
    if (known !== undefined) return known;
    const name = id?.subnet ?? DEFAULTS.subnetName;
    // clusterSubnet is the range of the masters' subnet; of no other.
    const otherwise = this.all.length === 0 ? this.#clusterSubnet : undefined;
    const cidr = this.#options.subnets?.get(name.toLowerCase()) ?? otherwise;
    const subnet = { name, ...(id === undefined ? {} : { id }), cidr, field };
    this.all.push(subnet);
    return subnet;
  }
}

/** `1.10`, `v1.10`, `1.10.3` */
const VERSION = /^v?1\.(\d{1,3})(?:\.(\d{1,3}))?(-.+)?$/;

export function parseVersion(text: string): Version | undefined {
  const [, minor, patch] = VERSION.exec(text) ?? [];
  if (minor === undefined) return undefined;
  return patch === undefined ? { minor: Number(minor) } : { minor: Number(minor), patch: Number(patch) };
}

function versionOf({ orchestrator }: Draft, hasWindows: boolean): Version | undefined {
  const byDefault = hasWindows ? DEFAULTS.windowsRelease : DEFAULTS.release;
  const text = valueOr(
    orchestrator.version.state === 'absent' ? orchestrator.release : orchestrator.version,
    byDefault,
  );
  return text === undefined ? undefined : parseVersion(text);
}

/** From 1.10.2 on, pools are scale sets when nothing else is said. */
function hasScaleSets(version: Version | undefined): boolean {
  if (version === undefined) return true;
  return version.minor > 10 || (version.minor === 10 && (version.patch ?? 2) >= 2);
}
