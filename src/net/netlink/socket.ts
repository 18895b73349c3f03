/**
 * A netlink socket: batches with acknowledgement, single requests and dumps. It stays in the network
 * namespace in which it was opened. Every wait is bounded.
 */
import { broken } from '../../sys/result.ts';
import { type Fd, type Sys, SysError } from '../../sys/sys.ts';
import { errnoName } from './errno.ts';
import {
  type NetlinkMessage,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  readMessages,
  u32At,
} from './reader.ts';
import { MessageWriter, NLM_F_DUMP } from './writer.ts';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** The kernel answers in microseconds; a link deletion holds the rtnl lock for some 20 ms each. */
const ANSWER_TIMEOUT_MS = 5000;
/** The kernel fills at most 32 KiB into one datagram of a dump. */
const RECEIVE_BYTES = 65536;
/** A dump that changed while it was read is read again, at most so often. */
const DUMP_ATTEMPTS = 5;

/** A refused message: which one of the batch (from 0), and the errno name. */
export interface Refusal {
  readonly index: number;
  readonly errno: string;
}

/** One for all sockets: what is received is copied. */
const receiveBuffer = new Uint8Array(RECEIVE_BYTES);

export class NetlinkSocket {
  readonly #sys: Sys;
  readonly #fd: Fd;
  #sequence = 1;

  constructor(sys: Sys, protocol: number) {
    this.#sys = sys;
    this.#fd = sys.netlink(protocol);
  }

  close(): void {
    this.#sys.close(this.#fd);
  }

  /** Sends the batch and returns the refused messages; empty when the kernel took them all. */
  execute(batch: MessageWriter): Refusal[] {
    return batch.count === 0 ? [] : this.#collect(batch, batch.count - 1, -1);
  }

  /**
   * Like `execute` for an nf_tables transaction: BATCH_BEGIN, messages, BATCH_END. The message before
   * the end is acknowledged; a refusal of the begin is that of the whole transaction.
   */
  transact(batch: MessageWriter): Refusal[] {
    return this.#collect(batch, batch.count - 2, 0);
  }

  #collect(batch: MessageWriter, acknowledged: number, wholeBatch: number): Refusal[] {
    const first = this.#send(batch, acknowledged);
    const refusals: Refusal[] = [];
    for (;;) {
      for (const message of this.#receive()) {
        const index = message.sequence - first;
        if (message.type !== NLMSG_ERROR || index < 0 || index > acknowledged) continue;
        const errno = errnoOf(message);
        if (errno !== undefined) refusals.push({ index, errno });
        if (index === acknowledged || index === wholeBatch) return refusals;
      }
    }
  }

  /** Like `execute` for a batch of one: the errno name of the refusal, or undefined. */
  request(batch: MessageWriter): string | undefined {
    return this.execute(batch)[0]?.errno;
  }

  /** Sends a batch whose last message is answered by one; the errno name when one of them is refused. */
  query(batch: MessageWriter): NetlinkMessage | string {
    const first = this.#send(batch);
    const last = first + batch.count - 1;
    let answer: NetlinkMessage | undefined;
    for (;;) {
      for (const message of this.#receive()) {
        const { sequence, type } = message;
        if (sequence < first || sequence > last) continue;
        if (type !== NLMSG_ERROR) answer = message;
        else {
          const errno = errnoOf(message);
          if (errno !== undefined || sequence === last) return errno ?? answer ?? 'ENODATA';
        }
      }
    }
  }

  /** All messages of a dump; `body` writes the family header and attributes of the request. */
  dump(type: number, body: (request: MessageWriter) => void): NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const request = new MessageWriter().begin(type, NLM_F_DUMP);
      body(request);
      const { messages, interrupted } = this.#readDump(this.#send(request.end()));
      if (!interrupted) return messages;
      if (attempt === DUMP_ATTEMPTS)
        throw new NetlinkError('EAGAIN', `of type ${type} changed ${attempt} times while read`);
    }
  }

  #readDump(sequence: number): { messages: NetlinkMessage[]; interrupted: boolean } {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type !== NLMSG_DONE && message.type !== NLMSG_ERROR) {
          messages.push(message);
          continue;
        }
        // A dump that fails on the way has the errno in its NLMSG_DONE (af_netlink.c, netlink_dump_done).
        const errno = errnoOf(message);
        if (errno !== undefined) throw new NetlinkError(errno);
        if (message.type === NLMSG_DONE) return { messages, interrupted };
        throw new NetlinkError('ENODATA');
      }
    }
  }

  #send(batch: MessageWriter, acknowledged = batch.count - 1): number {
    const first = this.#sequence;
    this.#sequence += batch.count;
    const bytes = batch.finish(first, acknowledged);
    const sent = this.#sys.send(this.#fd, bytes, 0, bytes.length, ANSWER_TIMEOUT_MS);
    if (sent !== bytes.length) broken(`netlink took ${sent} of ${bytes.length} bytes`);
    return first;
  }

  #receive(): NetlinkMessage[] {
    const count = this.#sys.recv(this.#fd, receiveBuffer, 0, RECEIVE_BYTES, ANSWER_TIMEOUT_MS);
    // One copy of all, which outlives the buffer.
    return readMessages(receiveBuffer.slice(0, count));
  }
}

/** A question that the kernel refused: a SysError like any other refusal, told by its `call`. */
export class NetlinkError extends SysError {
  static override [Symbol.hasInstance](value: unknown): value is NetlinkError {
    return value instanceof SysError && value.call === QUESTION;
  }
  constructor(errno: string, detail = '') {
    super(errno, QUESTION, detail);
  }
  get errno(): string {
    return this.code;
  }
}

const QUESTION = 'netlink question';

function errnoOf(message: NetlinkMessage): string | undefined {
  const code = -((u32At(message.payload) ?? 0) | 0);
  return code === 0 ? undefined : errnoName(code);
}
