/** How networks lie to each other. */
import { type Cidr, cidrContains } from './cidr.ts';

/** True when the networks have an address in common: then one contains the other. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrCovers(a, b) || cidrCovers(b, a);
}

/** True when every address of `inner` is one of `outer`. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return outer.prefixBits <= inner.prefixBits && cidrContains(outer, inner.base);
}
