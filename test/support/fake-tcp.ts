/** TCP in memory: a server is a function from the request to a reply that comes in pieces. */
import { SysError } from '../../src/sys/sys.ts';

/** What a server sends, piece by piece, and what it does then. */
export interface TcpReply {
  readonly chunks: readonly (Uint8Array | string)[];
  /** Time before each piece. */
  readonly delayMs?: number;
  readonly end: 'close' | 'hang' | 'reset';
}
export type TcpServer = 'refuse' | ((request: string) => TcpReply);

/** The time of the world, which waits move. */
export interface Clock {
  nowMs: number;
}

interface Queue {
  readonly chunks: Uint8Array[];
  readonly end: TcpReply['end'];
  readonly delayMs: number;
  waitMs: number;
}

export class TcpConnection {
  readonly #server: (request: string) => TcpReply;
  readonly #clock: Clock;
  #sent = '';
  #reply: Queue | undefined;

  constructor(server: (request: string) => TcpReply, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  send(bytes: Uint8Array): void {
    this.#sent += new TextDecoder().decode(bytes);
  }

  /** The server answers when somebody listens for the first time. */
  receive(buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number {
    this.#reply ??= queueOf(this.#server(this.#sent));
    const reply = this.#reply;
    const chunk = reply.chunks[0];
    if (chunk === undefined) {
      if (reply.end === 'close') return 0;
      if (reply.end === 'reset') throw new SysError('ECONNRESET', 'recv', '');
      return silence(this.#clock, timeoutMs);
    }
    if (reply.waitMs >= timeoutMs) {
      reply.waitMs -= timeoutMs;
      return silence(this.#clock, timeoutMs);
    }
    this.#clock.nowMs += reply.waitMs;
    const part = chunk.subarray(0, length);
    buffer.set(part, offset);
    reply.waitMs = part.length < chunk.length ? 0 : reply.delayMs;
    if (part.length < chunk.length) reply.chunks[0] = chunk.subarray(part.length);
    else reply.chunks.shift();
    return part.length;
  }
}

/** Nothing comes until the time is over. */
export function silence(clock: Clock, timeoutMs: number): never {
  clock.nowMs += timeoutMs;
  throw new SysError('ETIMEDOUT', 'recv', '');
}

function queueOf({ chunks, delayMs = 0, end }: TcpReply): Queue {
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk));
  return { chunks: bytes.filter((chunk) => chunk.length > 0), delayMs, waitMs: delayMs, end };
}
