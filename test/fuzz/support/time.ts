import assert from 'node:assert/strict';

/** For one small input on a slow machine; a parser that loops takes for ever. */
const MAX_MS = 2000;

/** Runs `work`, which has to end soon by the time of this process: others may have the processor meanwhile. */
export function withinTime<T>(work: () => T): T {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  const tookMs = (user + system) / 1000;
  assert.ok(tookMs < MAX_MS, `took ${Math.round(tookMs)} ms`);
  return value;
}
