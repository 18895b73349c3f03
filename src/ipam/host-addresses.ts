/** Addresses of a pool that the host has itself: cloud-init gives it all of them. */
import { formatCidr } from '../net/cidr.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { OperationLog } from '../state/oplog.ts';
import { HOST_ADDRESS_ADVICE } from '../sys/platform.ts';
import type { Survey } from './survey.ts';

/** Notes that addresses of the pool are on the host, and how to stop that. */
export function noteHostAddresses({ pool, onHost }: Survey, log: OperationLog): void {
  if (onHost.length === 0) return;
  const shown = onHost.slice(0, MAX_SHOWN).map(formatIpv4).join(', ');
  const more = onHost.length > MAX_SHOWN ? ` and ${onHost.length - MAX_SHOWN} more` : '';
  const what = `addresses of ${formatCidr(pool.subnet)} are on the host's own interfaces and not for pods`;
  log.note('warn', `${what}: ${shown}${more}${HOST_ADDRESS_ADVICE}`);
}

const MAX_SHOWN = 8;
