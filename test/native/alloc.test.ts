/** The allocator of the host, as a program of its own under the sanitizers. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { hostFlags } from '../../scripts/build/host.ts';
import { CACHE, ROOT } from '../../scripts/build/paths.ts';
import { run } from '../../scripts/build/run.ts';

test('allocator: 100,000 random steps keep blocks apart, aligned and intact', async () => {
  const work = join(CACHE, 'work/native');
  const program = join(work, 'alloc-test');
  mkdirSync(work, { recursive: true });
  const flags = ['-O1', '-g', '-D_GNU_SOURCE', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const unused = ['-Wno-unused-function', '-Wl,--gc-sections', '-ffunction-sections'];
  const sources = ['test/native/alloc.c', 'native/linux/pages.c'].map((path) => join(ROOT, path));
  /* The engine itself is not linked: the section with its only caller is dropped. */
  await run(['gcc', ...hostFlags(flags), ...unused, ...sources, '-o', program]);
  assert.equal(await run([program]), 'ok\n');
});
