/** Checks "address source" and "pool": do addresses come, and are there enough of them? */

import type { CniVersion } from '../../cni/types.ts';
import { atLeast } from '../../cni/version.ts';
import type { Pool } from '../../ipam/pools.ts';
import { formatCidr } from '../../net/cidr.ts';
import type { Result } from '../../sys/result.ts';
import { DEFAULT_COUNT, MAX_PODS } from '../nic/plan.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

export interface SourceFacts {
  /** Network whose configuration names the source. */
  readonly network: string;
  /** URL or path. */
  readonly source: string;
  readonly answer: Result<readonly Pool[], string>;
  /** The pools that the configuration allows, or why there is none. */
  readonly candidates: Result<readonly Pool[], string>;
  readonly durationMs: number;
}

export function checkSources(sources: readonly SourceFacts[]): Checked {
  const findings = sources.flatMap((facts) => {
    const problem = problemOf(facts);
    return problem === undefined ? [] : [problem];
  });
  const seen = sources.map(({ source, durationMs }) => `${source} answered in ${durationMs} ms`).join(', ');
  return { check: 'address source', seen: seen || 'no network takes addresses of azure-vnet-ipam', findings };
}

function problemOf({ network, source, answer, candidates }: SourceFacts): Problem | undefined {
  if (!answer.ok) {
    const host = /^http:\/\/([0-9.]+)/.exec(source)?.[1];
    return finding('error', 'SOURCE_UNAVAILABLE', {
      found: `${source} gives no addresses: ${answer.error}`,
      why: 'pods get addresses of the last good answer only; without one no pod starts',
      mend: host === undefined ? `ls -l ${source}` : `ip route get ${host} && curl -sS '${source}'`,
    });
  }
  if (!candidates.ok) {
    return finding('error', 'POOL_NOT_FOUND', {
      found: `network ${network}: ${candidates.error}`,
      why: 'ADD fails',
      mend: 'correct "ipam.subnet" and "master" of the configuration, or add ipconfigs to that NIC',
    });
  }
  if (candidates.value.some(({ addresses }) => addresses.length > 0)) return undefined;
  const where = candidates.value.map(({ nic, subnet }) => `${nic.name} in ${formatCidr(subnet)}`).join(', ');
  return finding('error', 'POOL_EMPTY', {
    found: `no secondary ipconfigs on ${where}`,
    why: 'there is no address for a pod',
    mend: addIpconfigs(DEFAULT_COUNT),
  });
}

export interface MaxPodsFacts {
  readonly maxPods: number;
  /** Where the number is from, for people. */
  readonly from: string;
  /** Where kubelet reads what its flags do not say; absent when a flag says the number. */
  readonly file?: string;
  /** The version of the configuration; from 1.1.0 on runtimes ask for STATUS. */
  readonly cniVersion?: CniVersion;
}

export interface PoolUse {
  readonly size: number;
  /** Addresses that a pod can get now. */
  readonly free: number;
}

/** Without a kubelet, and without being asked, a pool of any size is right. */
export function checkPoolSize(use: PoolUse, facts: MaxPodsFacts | undefined): Checked {
  const check = 'pool';
  const isUsedUp = use.size > 0 && use.free === 0;
  if (facts === undefined) {
    const free = use.size === 0 ? '' : `${use.free} of ${use.size} addresses are free; `;
    const seen = `${free}no kubelet here, any size will do`;
    return { check, seen, findings: isUsedUp ? [usedUp(use)] : [] };
  }
  const { maxPods, from } = facts;
  // Where kubelet allows no more pods than there are addresses, nobody waits for one.
  const findings = maxPods > use.size ? [...(isUsedUp ? [usedUp(use)] : []), tooSmall(use, facts)] : [];
  if (maxPods >= use.size && asksStatus(facts)) findings.push(notReadyWhenFull(use, facts));
  return { check, seen: `${use.size} addresses, ${use.free} free, ${from} allows ${maxPods} pods`, findings };
}

function usedUp({ size }: PoolUse): Problem {
  return finding('warning', 'POOL_USED_UP', {
    found: `none of ${size} addresses of the pool is free`,
    why: 'the next pod stays in ContainerCreating: No available addresses',
    mend: `azure-vnet gc --runtime containerd takes back what is left over (or docker, or netns); or ${addIpconfigs(size + DEFAULT_COUNT)}`,
  });
}

function tooSmall({ size: poolSize }: PoolUse, { maxPods, from, file }: MaxPodsFacts): Problem {
  const lower =
    file === undefined ? `--max-pods=${poolSize} in the flags of kubelet` : `maxPods: ${poolSize} in ${file}`;
  return finding('warning', 'POOL_SMALL', {
    found: `the pool has ${poolSize} addresses, ${from} allows ${maxPods} pods`,
    why: `pod ${poolSize + 1} stays in ContainerCreating: No available addresses`,
    mend: `${addIpconfigs(maxPods)}; or set ${lower} and restart kubelet`,
  });
}

/** SPEC.md "STATUS": an error when the next ADD cannot be served; libcni asks from this version on. */
function asksStatus({ cniVersion }: MaxPodsFacts): boolean {
  return cniVersion !== undefined && atLeast(cniVersion, '1.1.0');
}

function notReadyWhenFull({ size: poolSize }: PoolUse, { maxPods, cniVersion }: MaxPodsFacts): Problem {
  return finding('warning', 'POOL_FULL_NOT_READY', {
    found: `"cniVersion" is ${cniVersion}, and pods may use all ${poolSize} addresses of the pool`,
    why: 'containerd 2 then asks whether another pod is possible; when none is, the node becomes NotReady',
    mend: `set "cniVersion" to "1.0.0"; or keep one address free: ${addIpconfigs(maxPods + 1)}`,
  });
}

/** For as many pods in all; ipconfigs that are there stay. */
function addIpconfigs(pods: number): string {
  return `run what this prints: azure-vnet nic plan --nic NIC --resource-group GROUP --count ${Math.min(pods, MAX_PODS)}`;
}
