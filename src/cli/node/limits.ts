/** How long things take at most: what is older was left by a call that ended early. */

/** The removal of a link that DEL leaves to a child takes some 20 ms. */
export const DEL_LIMIT_MS = 10_000;

/** An ADD may wait 10 s for the lock and 60 s for an IPAM plugin that is executed. */
export const ADD_LIMIT_MS = 120_000;

/** True also for a time in the future: the clock was set back since. */
export function isOverdue(sinceMs: number, nowMs: number, limitMs: number): boolean {
  return nowMs - sinceMs >= limitMs || nowMs < sinceMs;
}
