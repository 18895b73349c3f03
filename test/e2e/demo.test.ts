/** The demo, as a visitor runs it with its output in a file. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const skip = process.getuid?.() === 0 ? false : 'needs root';

test('the demo passes every check, without colours in a file', { skip }, async () => {
  const demo = fileURLToPath(new URL('../../lab/demo.ts', import.meta.url));
  const argv = ['--import', import.meta.resolve('tsx'), demo];
  // A failed check makes the status 1, and the rejection has the output with the failing line.
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 300_000 }).catch(
    showOutput,
  );
  assert.match(stdout, /\d{3} checks, all passed, \d+\.\d s\n$/);
  assert.ok(!stdout.includes('\u001b'), 'no escape sequences');
});

function showOutput(error: { message: string; stdout: string; stderr: string }): never {
  throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
}
