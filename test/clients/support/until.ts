/** Waits for a condition. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** `what` is what should come to hold, for the message when it does not. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what} within ${LIMIT_MS} ms`);
    await sleep(POLL_INTERVAL_MS);
  }
}

/** Far more than anything takes, because the machine may be busy. */
const LIMIT_MS = 90_000;
const POLL_INTERVAL_MS = 20;
