/** What is free in a pool. */
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import type { Leases } from './leases.ts';
import type { Pool } from './pools.ts';

export interface Survey {
  readonly pool: Pool;
  readonly leasedCount: number;
  readonly freeCount: number;
  /** Addresses of the pool that are on the host's own interfaces, and so for nobody else. */
  readonly onHost: readonly Ipv4[];
  /** Lowest address that was never used. */
  readonly unused: Ipv4 | undefined;
  /** The free address that was released longest ago. */
  readonly oldest: { readonly address: Ipv4; readonly sinceMs: number } | undefined;
}

export function survey(pool: Pool, leases: Leases, hostAddresses: ReadonlySet<Ipv4>): Survey {
  const onHost: Ipv4[] = [];
  let leasedCount = 0;
  let unused: Ipv4 | undefined;
  let oldest: Survey['oldest'];
  const { leased, released } = leases.byAddress();
  // Addresses lie side by side: what they have in common is formatted once.
  let upper = -1;
  let common = '';
  for (const address of pool.addresses) {
    const octet = address & 255;
    if (address - octet !== upper) {
      upper = address - octet;
      common = formatIpv4(upper as Ipv4).slice(0, -1);
    }
    const text = common + octet;
    if (leased.has(text)) {
      leasedCount++;
      continue;
    }
    const sinceMs = released.get(text)?.sinceMs;
    if (hostAddresses.has(address)) onHost.push(address);
    else if (sinceMs === undefined) unused ??= address;
    else if (oldest === undefined || sinceMs < oldest.sinceMs) oldest = { address, sinceMs };
  }
  const freeCount = pool.addresses.length - leasedCount - onHost.length;
  return { pool, leasedCount, freeCount, onHost, unused, oldest };
}
