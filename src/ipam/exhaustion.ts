/** Why there is no address, and what to do about it: texts that people search for. */
import { formatCidr } from '../net/cidr.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { HOST_ADDRESS_ADVICE } from '../sys/platform.ts';
import type { Survey } from './survey.ts';

/** For pools without a free address. POOL_EMPTY when there is nothing that could become free. */
export function noAddresses(surveys: readonly Survey[]): Failure {
  if (surveys.every(({ pool }) => pool.addresses.length === 0)) {
    const where = surveys.map(
      ({ pool }) => `${pool.nic.name} has no secondary ipconfigs in ${formatCidr(pool.subnet)}`,
    );
    return failure('POOL_EMPTY', `No available addresses: ${where.join(', ')}; add ipconfigs to the NIC`);
  }
  const used = surveys.map(({ pool, leasedCount, onHost }) => {
    const host = onHost.length === 0 ? '' : ` (and ${onHost.length} on the host's own interfaces)`;
    return `${leasedCount} of ${pool.addresses.length} used in ${formatCidr(pool.subnet)}${host}`;
  });
  const advice = 'add ipconfigs to the NIC or remove pods';
  const onHost = surveys.some((found) => found.onHost.length > 0) ? HOST_ADDRESS_ADVICE : '';
  return failure('POOL_EXHAUSTED', `No available addresses: ${used.join(', ')}; ${advice}${onHost}`);
}
