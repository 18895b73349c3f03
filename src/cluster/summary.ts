/** What is left of a subnet, in words. */
import type { SubnetPlan } from './plan.ts';

/** Two lines: what is used, and how it can grow. */
export function summaryOf({ size, used, reserved, freeCount, headroom }: SubnetPlan): [string, string] {
  const use = `${grouped(size)} addresses: ${grouped(used)} used, ${grouped(reserved.length)} Azure's own, ${grouped(freeCount)} free`;
  const surge = grouped(headroom.surgeAddresses);
  if (!headroom.surgeFits) return [use, `an upgrade needs ${surge} more for a while, which are not there`];
  const more = [...headroom.moreNodes].map(([pool, count]) => `${grouped(count)} of ${pool}`);
  const growth = more.length === 0 ? '' : `; the rest is enough for ${more.join(' or ')} more`;
  return [use, `${surge} of them are kept for an upgrade${growth}`];
}

/** 4096 → 4,096. The engine of the executable has no locales. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
