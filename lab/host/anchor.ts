/**
 * Namespaces held by a process. Nothing has a name in the machine's own namespaces: when the anchor
 * ends, the kernel ends every process inside (it is pid 1 of a pid namespace) and removes every link,
 * mount and rule with them. That is the whole tear-down, also after a crash.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error.ts';
import { isAlive, killProcess, type ProcessRef, processRef } from './process.ts';

export interface Anchor {
  /** `unshare`, which waits for `inner` and takes it along when it ends. */
  readonly outer: ProcessRef;
  /** Process 1 of the namespaces: `sleep infinity`. */
  readonly inner: ProcessRef;
}

export interface AnchorOptions {
  /** Directory of the lab, kept in the environment of the anchor so that a later `down` can find it. */
  readonly labDirectory: string;
  /** The namespaces end with this process, even when it is killed. */
  readonly tied: boolean;
}

/** Starts new network, mount, UTS and pid namespaces, away from the terminal and its signals. */
export async function startAnchor(options: AnchorOptions): Promise<Anchor> {
  const tie = options.tied ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  // SIGCHLD is ignored so that the kernel reaps orphans by itself (a plugin's detached child, say).
  const init = ['env', '--ignore-signal=CHLD', 'sleep', 'infinity'];
  const [program = '', ...args] = [...tie, 'unshare', ...NAMESPACES, '--', ...init];
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, [MARK]: options.labDirectory },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new LabError(`The namespaces could not be made: ${stderr.trim()}`)));
  });
  failed.catch(() => undefined); // an end later than the start is noticed by those who use the anchor
  const anchor = await Promise.race([whenReady(child.pid), failed]);
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  return anchor;
}

/**
 * argv that runs a program inside the namespaces of an anchor: all of them, or the network namespace
 * alone, where files and pids are still those of the machine.
 */
export function inside(anchor: Anchor, argv: readonly string[], which: 'all' | 'net' = 'all'): string[] {
  const namespaces = which === 'net' ? ['--net'] : ['--net', '--mount', '--uts', '--pid'];
  return ['nsenter', '--target', String(anchor.inner.pid), ...namespaces, '--', ...argv];
}

/** Path of a file of the anchor's mount namespace, for this process. */
export function pathInside(anchor: Anchor, path: string): string {
  // An absolute symbolic link would be followed from the machine's own root, and /var/run is one.
  const direct = path.startsWith('/var/run/') ? path.slice('/var'.length) : path;
  return `/proc/${anchor.inner.pid}/root${direct}`;
}

/** Ends the namespaces with everything in them; the processes that have to disappear. */
export function killAnchor(anchor: Anchor): ProcessRef[] {
  return [anchor.inner, anchor.outer].filter((ref) => killProcess(ref));
}

/** Processes that carry the mark of this lab, anchors that nobody recorded among them. */
export function markedProcesses(labDirectory: string): ProcessRef[] {
  const found: ProcessRef[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const ref = processRef(Number(entry));
    if (ref !== undefined && environmentOf(ref.pid).includes(`${MARK}=${labDirectory}`)) found.push(ref);
  }
  return found.filter(isAlive);
}

async function whenReady(pid: number | undefined): Promise<Anchor> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (pid !== undefined && performance.now() < deadline) {
    const inner = processRef(childOf(pid) ?? 0);
    const outer = processRef(pid);
    if (inner !== undefined && outer !== undefined && readOr(`/proc/${inner.pid}/comm`) === 'sleep\n') {
      return { outer, inner };
    }
    await sleep(POLL_INTERVAL_MS);
  }
  throw new LabError(`The namespaces were not ready within ${READY_TIMEOUT_MS} ms`);
}

function childOf(pid: number): number | undefined {
  const first = readOr(`/proc/${pid}/task/${pid}/children`).split(' ')[0] ?? '';
  return first === '' ? undefined : Number(first);
}

function environmentOf(pid: number): string[] {
  return readOr(`/proc/${pid}/environ`).split('\0');
}

/** The content, or nothing when the process has gone meanwhile or is one that even root may not read. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(code)) return '';
    throw error;
  }
}

const NAMESPACES = ['--net', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
const MARK = 'AZURE_VNET_LAB';
const READY_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 1;
