/** memcpy, memmove and memset of the host, as a program of its own under the sanitizers. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { hostFlags } from '../../scripts/build/host.ts';
import { CACHE, ROOT } from '../../scripts/build/paths.ts';
import { run } from '../../scripts/build/run.ts';

const skip = process.arch === 'x64' ? false : 'x86_64 has its own';

test('memcpy, memmove and memset: every length around their limits, alignment and overlap', {
  skip,
}, async () => {
  const work = join(CACHE, 'work/native');
  const program = join(work, 'copy-test');
  mkdirSync(work, { recursive: true });
  const flags = ['-O2', '-g', '-D_GNU_SOURCE', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  await run(['gcc', ...hostFlags(flags), join(ROOT, 'test/native/copy.c'), '-o', program]);
  assert.equal(await run([program]), 'ok\n');
});
