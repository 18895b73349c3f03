/**
 * Processes by pid, with the start time as proof of identity: a pid alone may have been reused by a
 * stranger, and the lab must never end a process that it did not start.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessRef {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: start time in clock ticks since boot (proc(5)). */
  readonly startTicks: string;
}

/** The process with this pid as it is now; undefined when there is none or it is a zombie. */
export function processRef(pid: number): ProcessRef | undefined {
  const fields = statFields(pid);
  const startTicks = fields?.[START_TIME_FIELD];
  if (startTicks === undefined || fields?.[0] === 'Z') return undefined;
  return { pid, startTicks };
}

export function isAlive(ref: ProcessRef): boolean {
  return processRef(ref.pid)?.startTicks === ref.startTicks;
}

/** Sends SIGKILL when the process is still the one that was recorded; false when it is gone. */
export function killProcess(ref: ProcessRef): boolean {
  if (!isAlive(ref)) return false;
  try {
    process.kill(ref.pid, 'SIGKILL');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Waits until all of them are gone; the list of those that are not when the time is up. */
export async function waitForEnd(refs: readonly ProcessRef[], timeoutMs: number): Promise<ProcessRef[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = refs.filter(isAlive);
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(POLL_INTERVAL_MS);
  }
}

/** The fields of /proc/<pid>/stat from the state on: the name before them may contain anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** Index of the start time when counting starts at the state, which is field 3. */
const START_TIME_FIELD = 22 - 3;
const POLL_INTERVAL_MS = 2;
