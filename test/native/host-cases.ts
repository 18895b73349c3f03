/** Runs the image `cases`, every host function with wrong and with right arguments, and judges what it prints. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, describe } from 'node:test';

interface Line {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
}

/** The descriptor that the image gets and must not use. */
const FOREIGN_FD = 9;
const LIMIT_MS = 600_000;
/** Every function has cases; fewer lines mean that the image ended early or that cases got lost. */
const LEAST_CASES = 700;

const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-host-'));
const echo = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** tcpmux, which nobody serves; a port that was free a moment ago may be another's by now. */
const DEAD_PORT = 1;

async function runImage(program: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const foreign = openSync('/dev/null', 'r');
  const stdio = Array.from({ length: FOREIGN_FD + 1 }, (_, fd) =>
    fd === FOREIGN_FD ? foreign : fd === 1 || fd === 2 ? ('pipe' as const) : ('ignore' as const),
  );
  const args = [directory, await listen(echo), DEAD_PORT, FOREIGN_FD].map(String);
  const env = {
    PATH: process.env.PATH ?? '',
    HOST_TEST: 'a=b',
    HOST_TEST_ROOT: process.getuid?.() === 0 ? '1' : '0',
    EMPTY: '',
    CNI_COMMAND: 'TEST',
    ASAN_OPTIONS: 'detect_leaks=1',
  };
  Object.defineProperty(env, '__proto__', { value: 'polluted', enumerable: true });
  const child = spawn(program, args, { env, stdio, timeout: LIMIT_MS });
  closeSync(foreign);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

/** One test per case. `lacking` has, by case, the outcome where the machine that runs it cannot do better. */
export function defineHostCases(
  title: string,
  build: () => Promise<string>,
  lacking: Readonly<Record<string, string>> = {},
): void {
  describe(title, async () => {
    after(() => {
      echo.close();
      rmSync(directory, { recursive: true, force: true });
    });
    const { status, stdout, stderr } = await runImage(await build());
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Line => JSON.parse(line));

    test('the program ends well, without a report and without a leak', () => {
      assert.equal(stderr, '');
      assert.equal(status, 0);
      assert.ok(lines.length >= LEAST_CASES, `${lines.length} cases`);
      const names = new Set(lines.map(({ name }) => name));
      assert.deepEqual(
        Object.keys(lacking).filter((name) => !names.has(name)),
        [],
      );
    });
    for (const { name, expected, outcome } of lines) {
      test(name, () => assert.equal(outcome, lacking[name] ?? expected));
    }
  });
}
