/** A call that asks for one certain address: whether it can have it, and why not. */
import type { Attachment } from '../cni/types.ts';
import { cidrContains, formatCidr } from '../net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { describe, type Leases } from './leases.ts';
import type { Pool } from './pools.ts';

/** The attachment has another address than the one that it asks for. */
export function heldAlready(held: Ipv4, requested: Ipv4, attachment: Attachment): Result<never, Failure> {
  return unavailable(requested, `${describe(attachment)} has ${formatIpv4(held)} already; DEL it first`);
}

/** The pool of a requested address when it can be had. */
export function takeable(
  pools: readonly Pool[],
  leases: Leases,
  requested: Ipv4,
  onHost: ReadonlySet<Ipv4>,
): Result<{ readonly address: Ipv4; readonly pool: Pool }, Failure> {
  const pool = pools.find(({ addresses }) => addresses.includes(requested));
  if (pool === undefined) {
    const around = pools.find(({ subnet }) => cidrContains(subnet, requested));
    return unavailable(
      requested,
      around === undefined
        ? `it is outside ${pools.map(({ subnet }) => formatCidr(subnet)).join(', ')}`
        : `it is no secondary ipconfig of ${around.nic.name}; add one, or ask for another address`,
    );
  }
  if (onHost.has(requested)) {
    return unavailable(requested, 'it is on an interface of the host; remove it there');
  }
  const holder = leases.holderOf(requested);
  return holder === undefined
    ? ok({ address: requested, pool })
    : unavailable(requested, `it is in use by ${holder}`);
}

function unavailable(requested: Ipv4, why: string): Result<never, Failure> {
  const text = `Requested address ${formatIpv4(requested)} is not available: ${why}`;
  return err(failure('ADDRESS_UNAVAILABLE', text));
}
