/**
 * The protocol: calls of both plugins, right and wrong ones, on a machine in memory. None ends in an
 * exception, each prints one document or nothing, and a call that is refused has changed nothing.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runEpisode } from './support/episode.ts';
import { forEachCase, SEED } from './support/random.ts';

const MACHINES = 4200;
const CALLS_PER_MACHINE = 24;
const CALLS = 100_000;
/** How often the generator must have made a right call of each command at least. */
const MIN_RIGHT_CALLS = 500;

describe(`The protocol (FUZZ_SEED=${SEED})`, () => {
  test(`runPlugin() answers ${CALLS} right and wrong calls by the specification, the refused without a trace`, () => {
    const seen = new Map<string, number>();
    forEachCase(MACHINES, (random) => {
      runEpisode(random, CALLS_PER_MACHINE, (summary) => seen.set(summary, (seen.get(summary) ?? 0) + 1));
    });
    assert.ok([...seen.values()].reduce((sum, number) => sum + number, 0) >= CALLS);
    for (const command of ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']) {
      const right = seen.get(`${command} ok`) ?? 0;
      assert.ok(right >= MIN_RIGHT_CALLS, `${right} right calls of ${command}`);
    }
    assert.deepEqual(
      Object.keys(Object.prototype),
      [],
      'nothing was written to the prototype of all objects',
    );
  });
});
