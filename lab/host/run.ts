/** Runs a program to its end: argv only, never a shell; with a time limit and an output limit. */
import { spawn } from 'node:child_process';
import { LabError } from '../error.ts';

export interface RunOptions {
  readonly stdin?: string;
  /** The whole environment; that of this process when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program is killed when it has not ended by then. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** Exit status, or -1 when a signal ended it. */
  readonly status: number;
  readonly signal: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** From the call of spawn to the end of the process and of its output. */
  readonly durationUs: number;
}

/** Rejects only when the program cannot be started (ENOENT, EACCES). */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = argv;
  const startedNs = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.env === undefined ? {} : { env: options.env }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const durationUs = Number((process.hrtime.bigint() - startedNs) / 1000n);
      const text = { stdout: stdout(), stderr: stderr() };
      resolve({ status: code ?? -1, signal: signal ?? '', ...text, timedOut, durationUs });
    });
    // A program that ends without reading its input is its own business; the status tells the rest.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/** Runs a program that has to succeed; returns its stdout. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.status === 0) return result.stdout;
  const end = result.signal === '' ? `exited with ${result.status}` : `was ended by ${result.signal}`;
  const why = result.timedOut ? 'did not end in time' : end;
  const input = options.stdin === undefined ? '' : `\ninput:\n${options.stdin}`;
  throw new LabError(`${argv.join(' ')} ${why}: ${result.stderr.trim()}${input}`);
}

/** Keeps what a stream delivers, up to the limit; the rest is read and dropped so nobody blocks. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
