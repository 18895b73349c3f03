/** Pools beside each other: names, kinds. */
import type { Spot } from '../read/report.ts';
import type { Facts } from './facts.ts';

export function checkPools(facts: Facts): void {
  checkNames(facts);
  checkKinds(facts);
  checkStorage(facts);
}

function checkNames({ draft, report }: Facts): void {
  const seen = new Map<string, Spot>();
  for (const { name } of draft.pools) {
    if (name.state !== 'given') continue;
    const before = seen.get(name.value);
    if (before === undefined) {
      seen.set(name.value, name.spot);
      continue;
    }
    report.error('pool-name', name.spot, `there is another pool "${name.value}"; names of pools are unique`, {
      label: 'the other one is here',
      spot: before,
    });
  }
}

/** Availability sets and scale sets do not go together, and masters in one want all agents in one. */
function checkKinds({ draft, report, groups }: Facts): void {
  const [masters, ...pools] = groups;
  const [first] = pools;
  for (const pool of pools) {
    const field = pool.profile.availability;
    const spot = field.state === 'given' ? field.spot : pool.profile.spot;
    const kind = `${pool.label} is of ${pool.availability}${field.state === 'absent' ? ' (the default)' : ''}`;
    if (masters?.availability === 'VirtualMachineScaleSets' && pool.availability === 'AvailabilitySet') {
      const other = { label: 'the masters are here', spot: draft.master.availability.spot };
      report.error(
        'availability-mixed',
        spot,
        `${kind}; masters in a scale set need all pools in scale sets`,
        other,
      );
    } else if (
      first !== undefined &&
      pool.availability !== undefined &&
      first.availability !== undefined &&
      pool.availability !== first.availability
    ) {
      const other = { label: `${first.label} is here`, spot: first.profile.spot };
      report.error(
        'availability-mixed',
        spot,
        `${kind}, ${first.label} of ${first.availability}; all pools have the same availabilityProfile`,
        other,
      );
    }
  }
}

/** Disks in a storage account have been retired; managed ones have taken their place. */
function checkStorage({ report, groups }: Facts): void {
  for (const { label, profile, availability } of groups) {
    const { storage } = profile;
    if (storage.state !== 'given' || storage.value !== 'StorageAccount') continue;
    if (availability === 'VirtualMachineScaleSets') {
      const message = `${label}: storageProfile "StorageAccount" does not go with scale sets; write "ManagedDisks"`;
      report.error('storage-profile', storage.spot, message);
    } else {
      const message = `${label}: storageProfile is "StorageAccount", and Azure makes no such disks any more; the template has managed ones`;
      report.warning('storage-profile', storage.spot, message);
    }
  }
}
