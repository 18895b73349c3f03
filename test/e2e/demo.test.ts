/** The demo, as a visitor runs it with its output in a file. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assertMeasured } from './support/measured.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** A row of the pings while addresses move. */
const LOST_PINGS = /^ {2}✗ \S+ → \S+ +\d+ of \d+ answered$/gm;

test('the demo passes every check, without colours in a file', { skip }, () =>
  assertMeasured(async () => {
    const demo = fileURLToPath(new URL('../../lab/demo.ts', import.meta.url));
    const argv = ['--import', import.meta.resolve('tsx'), demo];
    // A failed check makes the status 1, and the rejection has the output with the failing line.
    const run = promisify(execFile)(process.execPath, argv, { timeout: 300_000 });
    const { stdout } = await run.catch((error: Failed) => error);
    assert.ok(!stdout.includes('\u001b'), 'no escape sequences');
    const lost = stdout.match(LOST_PINGS) ?? [];
    if (lost.length === 0) await run.catch(showOutput);
    const verdict = lost.length === 0 ? 'all passed' : `${lost.length} FAILED`;
    assert.match(stdout, new RegExp(`\\d{3} checks, ${verdict}, \\d+\\.\\d s\\n$`));
    return lost;
  }),
);

interface Failed {
  readonly message: string;
  readonly stdout: string;
  readonly stderr: string;
}

function showOutput(error: Failed): never {
  throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
}
