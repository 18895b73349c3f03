/**
 * Random histories of the whole plugin on a machine in memory, against a model: ADD, repeated ADD, DEL, CHECK, GC
 * and calls that are killed. After each operation everything that the machine has is compared.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelledMachine } from './support/model.ts';
import { forEachCase, SEED } from './support/random.ts';

const MACHINES = 100;
const OPERATIONS_PER_MACHINE = 100;

test(`10,000 random operations leave what the model has: no duplicate, no leak (FUZZ_SEED=${SEED})`, () => {
  const seen = new Map<string, number>();
  forEachCase(MACHINES, (random) => {
    const machine = new ModelledMachine();
    for (let i = 0; i < OPERATIONS_PER_MACHINE; i++) {
      const operation = machine.step(random);
      seen.set(operation, (seen.get(operation) ?? 0) + 1);
    }
    machine.end();
  });
  assert.equal(
    [...seen.values()].reduce((sum, count) => sum + count),
    MACHINES * OPERATIONS_PER_MACHINE,
  );
  for (const [operation, count] of seen) assert.ok(count > 200, `${count} of ${operation}`);
});
