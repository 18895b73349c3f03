/** The lab's end of the connection to a resident process; connects when it is first needed. */
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error.ts';
import type { RunOptions, RunResult } from '../host/run.ts';
import type { ResidentAnswer } from './protocol.ts';

export interface StartOptions {
  /** The whole environment; that of the resident when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** File of the place that gets the output; dropped when absent. */
  readonly outputPath?: string;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ResidentClient {
  readonly #socketPath: string;
  readonly #waiting = new Map<number, Waiter>();
  #connection: Promise<net.Socket> | undefined;
  #lastId = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Resolves when the resident serves what it is there for: it takes requests last. */
  async ready(): Promise<void> {
    this.#connection ??= this.#connect();
    const socket = await this.#connection;
    if (this.#waiting.size === 0) socket.unref();
  }

  /** Runs a program to its end in the namespaces of the resident. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return (await this.#request({ op: 'run', argv, ...options })) as RunResult;
  }

  /** Starts a program that stays until `stop` or the end of the lab; its pid inside the namespace. */
  async start(argv: readonly string[], options: StartOptions = {}): Promise<number> {
    const answer = await this.#request({ op: 'start', argv, ...options });
    return (answer as { pid: number }).pid;
  }

  /** Ends a started program; false when it had ended before. */
  async stop(pid: number): Promise<boolean> {
    return ((await this.#request({ op: 'stop', pid })) as { stopped: boolean }).stopped;
  }

  close(): void {
    this.#connection?.then(
      (socket) => socket.destroy(),
      () => undefined, // whoever asked has got the error
    );
    this.#connection = undefined;
  }

  async #request(body: object): Promise<unknown> {
    this.#connection ??= this.#connect();
    const socket = await this.#connection;
    const id = ++this.#lastId;
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // While nothing is awaited the connection does not keep the program running.
    socket.ref();
    socket.write(`${JSON.stringify({ id, ...body })}\n`);
    return answered.finally(() => {
      if (this.#waiting.size === 0) socket.unref();
    });
  }

  async #connect(): Promise<net.Socket> {
    const socket = await connectWhenReady(this.#socketPath);
    createInterface({ input: socket }).on('line', (line) => {
      const answer = JSON.parse(line) as ResidentAnswer;
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiter?.reject(new LabError(answer.error));
      else waiter?.resolve(answer.value);
    });
    const lost = (): void => {
      this.#connection = undefined;
      const gone = new LabError('The resident process of the namespace has ended: the lab is going down.');
      for (const waiter of this.#waiting.values()) waiter.reject(gone);
      this.#waiting.clear();
    };
    socket.on('error', lost);
    socket.on('close', lost);
    return socket;
  }
}

/** A resident that has just been started needs a moment before it listens. */
async function connectWhenReady(path: string): Promise<net.Socket> {
  const deadline = performance.now() + CONNECT_TIMEOUT_MS;
  for (;;) {
    const socket = net.connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      const code = (error as NodeJS.ErrnoException).code;
      if (performance.now() > deadline || (code !== 'ENOENT' && code !== 'ECONNREFUSED')) {
        throw new LabError(`The resident process behind ${path} does not answer: ${String(code)}.`);
      }
    }
    await sleep(CONNECT_POLL_MS);
  }
}

const CONNECT_TIMEOUT_MS = 30_000;
const CONNECT_POLL_MS = 4;
