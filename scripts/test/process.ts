/** Child processes of the test driver: output collected, killed with all their children at the deadline. */
import { type ChildProcess, spawn } from 'node:child_process';
import { ROOT } from '../build/paths.ts';

export interface Ended {
  /** Null when a signal ended it. */
  readonly status: number | null;
  /** stdout and stderr as they came. */
  readonly output: string;
  readonly timedOut: boolean;
}

const MAX_OUTPUT_CHARS = 200_000;
/** After SIGTERM, so that a test can remove what it made. */
const GRACE_MS = 20_000;
/** After its end, for those that it has started and that have its output. */
const LEFT_MS = 20_000;

/** Tests read what programs say: in English, in UTC, and without a complaint about a locale that is not there. */
const SAME_EVERYWHERE = { LC_ALL: 'C.UTF-8', LANGUAGE: '', TZ: 'UTC' };

const running = new Set<ChildProcess>();

/** Runs `argv` in the root of the project. */
export async function runProcess(argv: readonly string[], limitMs: number): Promise<Ended> {
  const [program = '', ...args] = argv;
  const env = { ...process.env, ...SAME_EVERYWHERE };
  const child = spawn(program, args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  let output = '';
  let timedOut = false;
  const collect = (chunk: Buffer) => {
    if (output.length < MAX_OUTPUT_CHARS) output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timers = [
    setTimeout(() => {
      timedOut = true;
      signalGroup(child, 'SIGTERM');
    }, limitMs),
    setTimeout(() => signalGroup(child, 'SIGKILL'), limitMs + GRACE_MS),
  ];
  child.on('exit', () => {
    const stopWaiting = () => {
      timedOut = true;
      output += '\na process that it left behind holds its output';
      child.stdout.destroy();
      child.stderr.destroy();
    };
    timers.push(setTimeout(stopWaiting, LEFT_MS));
  });
  const status = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      output += String(error);
      resolve(null);
    });
    child.on('close', resolve);
  });
  for (const timer of timers) clearTimeout(timer);
  running.delete(child);
  return { status, output, timedOut };
}

/** Ends everything that runs; for Ctrl-C. */
export function stopAll(): void {
  for (const child of running) signalGroup(child, 'SIGTERM');
}

/** The child leads a process group of its own. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    /* ESRCH: it has ended meanwhile. EPERM: under sudo, which passes the signal on when it gets it itself. */
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) process.kill(pid, signal);
  }
}
