/** What a definition cannot say and validation has to know. */
import type { Cidr } from '../net/cidr.ts';

export interface ValidationOptions {
  /** Ranges of subnets by their name in lower case: the definition has no field for those of pools. */
  readonly subnets?: ReadonlyMap<string, Cidr>;
}
