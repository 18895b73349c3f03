/**
 * Calls of the executable, one after the other, inside a VM of the lab: `drive.ts FIRST COUNT CNI_PATH`. The
 * last line on stdout is a DriveReport. The plugin is started directly, with nothing between it and us.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { STATE_ROOT } from '../../../src/state/paths.ts';
import { type FuzzCall, makeCall, type Scene } from './calls.ts';
import { rememberAttachment } from './episode.ts';
import { extremes } from './extremes.ts';
import { Random, SEED } from './random.ts';
import { type Answer, codeOf, codeRequired, isRefusal } from './verdict.ts';

/** The wireserver's deadline, the lock's and some more; nothing in a VM of its own holds the lock. */
const CALL_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const SHOWN_CHARACTERS = 600;
/** Lost to a DEL's child while it was looked at. */
const VOLATILE: readonly string[] = ['pending', 'tmp'];

export interface DriveReport {
  readonly calls: number;
  /** Summaries such as `ADD 0` and how often they came. */
  readonly seen: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Those that were answered wrongly, as text. */
  readonly failures: readonly string[];
}

/** Namespaces of the containers, made by the test. */
export const SANDBOXES = ['/run/netns/c0', '/run/netns/c1', '/run/netns/c2'] as const;
/** What the test puts in the way of CNI_NETNS. */
export const STRANGE_PATHS = [
  '/proc/self/ns/net',
  '/proc/1/ns/net',
  '/run/netns/own',
  '/run/netns/nosuch',
  '/run/fuzz-fifo',
  '/proc/self/ns/mnt',
  '/proc/self/ns/pid',
  '/etc/passwd',
  '/etc',
  '/dev/zero',
  '/dev/full',
  '/run/netns/c0/',
  'run/netns/c0',
] as const;

class Driver {
  readonly #directory: string;
  readonly #seen: Record<string, number> = {};
  readonly #failures: string[] = [];
  #calls = 0;
  #slowestMs = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get report(): DriveReport {
    return {
      calls: this.#calls,
      seen: this.#seen,
      slowestMs: this.#slowestMs,
      failures: this.#failures,
    };
  }

  /** Runs one call and judges it; its answer. */
  run(what: string, call: FuzzCall, codes?: readonly number[]): Answer {
    const before = snapshot();
    const startedMs = performance.now();
    const ran = spawnSync(`${this.#directory}/${call.plugin}`, {
      env: call.env,
      input: call.stdin,
      timeout: CALL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedMs);
    this.#calls++;
    const answer = { status: ran.status ?? -1, stdout: ran.stdout?.toString() ?? '' };
    try {
      assert.notEqual(ran.pid, 0, `cannot be started: ${ran.error?.message}`);
      assert.equal(ran.signal, null, `ended by ${ran.signal}`);
      assert.doesNotMatch(ran.stderr.toString(), /Sanitizer|runtime error| {4}at /, 'stderr');
      const code = codeOf(call, answer);
      const required = codeRequired(call);
      if (required !== undefined) assert.equal(code, required, 'the code that is required');
      if (codes !== undefined) assert.ok(codes.includes(code), `code ${code}, not ${codes.join(' or ')}`);
      if (isRefusal(code)) assert.deepEqual(snapshot(), before, 'a refused call changes nothing');
      const summary = `${call.env.CNI_COMMAND?.slice(0, 10)} ${code}`;
      this.#seen[summary] = (this.#seen[summary] ?? 0) + 1;
    } catch (error) {
      const stdin = Buffer.from(call.stdin).toString('latin1').slice(0, SHOWN_CHARACTERS);
      const env = Object.fromEntries(
        Object.entries(call.env).map(([name, value]) => [name, value.slice(0, SHOWN_CHARACTERS)]),
      );
      const shown = {
        plugin: call.plugin,
        env,
        stdin,
        ...answer,
        stdout: answer.stdout.slice(0, SHOWN_CHARACTERS),
        stderr: ran.stderr?.toString().slice(0, SHOWN_CHARACTERS),
      };
      this.#failures.push(`${what}: ${String(error)}\n${JSON.stringify(shown, null, 2)}`);
    }
    return answer;
  }
}

/** Names, sizes and times of everything in the state. */
function snapshot(): string[] {
  if (!existsSync(STATE_ROOT)) return [];
  const entries = readdirSync(STATE_ROOT, { recursive: true, withFileTypes: true, encoding: 'utf8' });
  return entries
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => !VOLATILE.some((name) => path.includes(`/${name}`)))
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? path : `${path} ${found.size} ${found.isFile() ? found.mtimeMs : ''}`;
    })
    .sort();
}

function runExtremes(driver: Driver, cniPath: string): void {
  const attachment = { CNI_CONTAINERID: 'x', CNI_IFNAME: 'eth0', CNI_NETNS: SANDBOXES[1], CNI_PATH: cniPath };
  for (const plugin of ['azure-vnet', 'azure-vnet-ipam'] as const) {
    // STATUS reads all of the configuration, ADD answers and stores, DEL must come through whatever there is.
    for (const command of ['ADD', 'DEL']) {
      const env = { CNI_COMMAND: command, ...attachment };
      for (const { name, call, codes } of extremes(env, plugin)) {
        // IPAM knows neither modes nor namespaces; DEL frees what it can, without arguments and namespace.
        const tolerant =
          (plugin === 'azure-vnet-ipam' || command === 'DEL') &&
          !codes.some((code) => code === 1 || code === 6);
        const { status } = driver.run(
          `${plugin} ${command} with ${name}`,
          call,
          tolerant ? [0, ...codes] : codes,
        );
        const after = { ...call.env, CNI_COMMAND: 'DEL', CNI_IFNAME: 'eth0', CNI_ARGS: '' };
        driver.run(`DEL after ${name}`, { plugin, env: after, stdin: status === 0 ? call.stdin : PLAIN });
      }
    }
  }
}

function main(first: number, count: number, cniPath: string): DriveReport {
  const [directory = ''] = cniPath.split(':');
  const driver = new Driver(directory);
  const scene: Scene = { sandboxes: SANDBOXES, strangePaths: STRANGE_PATHS, cniPath, attached: new Map() };
  // So that there is something from the beginning that a refused call could damage.
  driver.run('the first ADD', {
    plugin: 'azure-vnet',
    env: {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c0',
      CNI_NETNS: SANDBOXES[0],
      CNI_IFNAME: 'eth0',
      CNI_PATH: cniPath,
    },
    stdin: PLAIN,
  });
  if (first === 0) runExtremes(driver, cniPath);
  for (let i = first; i < first + count; i++) {
    const call = makeCall(Random.ofCase(SEED, i), scene);
    const answer = driver.run(`case ${i}`, call);
    if (answer.status === 0) rememberAttachment(scene, call, answer.stdout);
  }
  return driver.report;
}

const PLAIN = new TextEncoder().encode(
  JSON.stringify({ cniVersion: '1.1.0', name: 'azure', bridge: 'azure0', ipam: { type: 'azure-vnet-ipam' } }),
);

const [, script = '', first = '', count = '', cniPath = ''] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  console.log(JSON.stringify(main(Number(first), Number(count), cniPath)));
}
