/** Runs programs through timed-exec.c, a small process that stays inside the namespaces of a VM. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Anchor, inside } from '../lab/host/anchor.ts';
import { helperPath } from './helpers.ts';

export interface TimedRun {
  /** Exit status, or 128 and the signal. */
  readonly status: number;
  /** From before the start of the program until it has ended and closed its output. */
  readonly wallNs: number;
  /** User and system time of the program and of those that it has waited for. */
  readonly cpuNs: number;
  /** Of the program or one that it has waited for, whichever had more. */
  readonly peakRssKib: number;
  readonly stdout: string;
  /** When it ended, on CLOCK_MONOTONIC. */
  readonly endedNs: number;
}

export interface TimedRequest {
  /** Absolute path of the program, then its arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

/** One helper; programs run one at a time. */
export class TimedExec {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #output: AsyncIterator<Buffer>;
  #received = Buffer.alloc(0);

  constructor(anchor: Anchor) {
    const [program = '', ...args] = inside(anchor, [helperPath('timed-exec')]);
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#output = this.#child.stdout[Symbol.asyncIterator]();
  }

  async run({ argv, env, stdin }: TimedRequest): Promise<TimedRun> {
    const blocks = [
      strings(argv),
      strings(Object.entries(env).map(([name, value]) => `${name}=${value}`)),
      Buffer.from(stdin),
    ];
    this.#child.stdin.write(`${blocks.map(({ length }) => length).join(' ')}\n`);
    this.#child.stdin.write(Buffer.concat(blocks));
    const numbers = (await this.#line()).split(' ').map(Number);
    const [status = -1, wallNs = 0, cpuNs = 0, peakRssKib = 0, bytes = 0, endedNs = 0] = numbers;
    return { status, wallNs, cpuNs, peakRssKib, endedNs, stdout: (await this.#take(bytes)).toString('utf8') };
  }

  /** Ends the helper, which ends with its input. */
  close(): void {
    this.#child.stdin.end();
  }

  async #line(): Promise<string> {
    let end = this.#received.indexOf('\n');
    while (end < 0) {
      await this.#more();
      end = this.#received.indexOf('\n');
    }
    return (await this.#take(end + 1)).toString('latin1').trimEnd();
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#received.length < count) await this.#more();
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#output.next();
    if (done) throw new Error('timed-exec has ended; what it said is above');
    this.#received = Buffer.concat([this.#received, value]);
  }
}

function strings(list: readonly string[]): Buffer {
  return Buffer.from(list.map((text) => `${text}\0`).join(''));
}
