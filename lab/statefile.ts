/**
 * The directory of a lab, under the system's temporary directory and open to root only, and the state
 * in it. Every change is a read-modify-write under a lock, so that several commands may work at once.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './error.ts';
import { type LabState, STATE_VERSION } from './model.ts';

/** Directory of the lab with this name. Names are short: a socket's path has 108 bytes (unix(7)). */
export function labDirectory(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,23}$/.test(name)) {
    throw new LabError(`The lab's name "${name}" is not 1 to 24 of a-z, 0-9 and -.`);
  }
  if (/^\/(var\/)?run(\/|$)/.test(tmpdir())) {
    throw new LabError(`TMPDIR is ${tmpdir()}, and each VM has a /run of its own: set TMPDIR=/tmp.`);
  }
  return join(tmpdir(), `azure-vnet-lab-${name}`);
}

/** Makes the directory; false when something of that name is there. */
export function createLabDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The state; undefined when there is no such lab. Refuses a directory that others could have made. */
export function readState(directory: string): LabState | undefined {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) {
    throw new LabError(`${directory} is not a private directory of this user: look at it and remove it.`);
  }
  let text: string;
  try {
    text = readFileSync(join(directory, STATE_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const state = JSON.parse(text) as LabState;
  if (state.version !== STATE_VERSION) {
    throw new LabError(`${directory} is of another version of the lab: remove it by that version.`);
  }
  return state;
}

export function writeState(directory: string, state: LabState): void {
  const path = join(directory, STATE_FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Changes the state under the lock; `change` gets the state as it is and returns the new one. */
export async function updateState(
  directory: string,
  change: (state: LabState) => LabState | Promise<LabState>,
): Promise<LabState> {
  const unlock = await takeLock(directory);
  try {
    const state = readState(directory);
    if (state === undefined) throw new LabError(`The lab of ${directory} is gone.`);
    const next = await change(state);
    writeState(directory, next);
    return next;
  } finally {
    await unlock();
  }
}

/** Residents that are just being ended may still make a file: then the removal is tried again. */
export function removeLabDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: REMOVAL_RETRIES, retryDelay: 10 });
}

/** A name in the abstract socket namespace as a lock: the kernel frees it when the holder dies. */
async function takeLock(directory: string): Promise<() => Promise<void>> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const server = await listen(`\0${directory}/lock`);
    if (server !== undefined) return () => new Promise((resolve) => server.close(() => resolve()));
    if (performance.now() > deadline) {
      throw new LabError(`Another command has been changing ${directory} for ${LOCK_TIMEOUT_MS / 1000} s.`);
    }
    await sleep(LOCK_POLL_MS);
  }
}

function listen(path: string): Promise<net.Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

const STATE_FILE = 'state.json';
const REMOVAL_RETRIES = 10;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_POLL_MS = 3;
