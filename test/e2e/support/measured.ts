/** Measurements that other work on the machine, or a processor that is taken away for a moment, can spoil. */
import assert from 'node:assert/strict';

const TRIES = 3;

/**
 * Measures as a whole, again when it found problems: what is wrong with the product is wrong each time. What
 * `measure` throws is no matter of measuring, and is not tried again.
 */
export async function assertMeasured(
  measure: (attempt: number) => Promise<readonly string[]>,
  tries = TRIES,
): Promise<void> {
  const seen: string[] = [];
  for (let attempt = 1; attempt <= tries; attempt++) {
    const problems = await measure(attempt);
    if (problems.length === 0) return;
    seen.push(`try ${attempt}: ${problems.join('; ')}`);
  }
  assert.fail(`measured ${tries} times: ${seen.join('\n')}`);
}
