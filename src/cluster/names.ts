/** Names of what is deployed, as acs-engine forms them. */
import type { AgentPool } from './definition.ts';

/**
 * Eight digits that follow from the DNS prefix. acs-engine draws them from Go's generator of random numbers,
 * seeded by a hash of the prefix; these are the hash itself (32-bit FNV-1a), so they are different digits.
 */
export function clusterIdOf(dnsPrefix: string): string {
  let hash = 0x811c9dc5;
  for (const character of dnsPrefix.toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return String(hash % 1e8).padStart(8, '0');
}

/** What names of masters begin with. */
export function masterPrefix(clusterId: string): string {
  return `k8s-master-${clusterId}-`;
}

/** What names of the pool's resources begin with; `index` is its position in the file, from 0. */
export function poolPrefix(
  clusterId: string,
  pool: Pick<AgentPool, 'name' | 'osType'>,
  index: number,
): string {
  // Windows has host names of at most 15 characters.
  if (pool.osType === 'Windows') return `${clusterId.slice(0, 4)}k8s${String(index).padStart(2, '0')}`;
  return `k8s-${pool.name}-${clusterId}-`;
}

/** What host names in a scale set begin with; Azure appends the number. Windows has no room for more. */
export function scaleSetHostPrefix(prefix: string): string {
  return prefix.endsWith('-') ? `${prefix}vmss` : prefix;
}

/** The number that Azure appends for an instance of a scale set: six digits of base 36. */
export function scaleSetInstance(index: number): string {
  return index.toString(36).toUpperCase().padStart(6, '0');
}
