/** One HTTP/1.1 GET over plain TCP to an IPv4 address, with one deadline for everything. */
import { err, ok, type Result } from '../sys/result.ts';
import { type Fd, isErrno, type Sys, SysError } from '../sys/sys.ts';
import { type HttpProblem, type HttpReason, MAX_HEAD_BYTES, readResponse } from './http-response.ts';
import { type Ipv4, parseIpv4 } from './ipv4.ts';

export interface HttpUrl {
  readonly address: Ipv4;
  readonly port: number;
  /** Address and port as they were written, for the Host field. */
  readonly host: string;
  /** Path and query, starting with a slash. */
  readonly path: string;
}

/** Reads `http://<IPv4 address>[:port][/path[?query]]`. */
export function parseHttpUrl(text: string): HttpUrl | undefined {
  const match = /^http:\/\/(([0-9.]+)(?::(\d{1,5}))?)(\/[\x21-\x7e]*)?$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', dotted = '', digits = '80', path = '/'] = match;
  const address = parseIpv4(dotted);
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65535) return undefined;
  return { address, port, host, path };
}

/**
 * Waits for at most `mostMs` at a time, and again while time is left. What counts is the waiting that was asked for: a
 * machine that pauses has not given the other end the time to answer.
 */
type Patiently = <T>(mostMs: number, wait: (timeoutMs: number) => T) => T;

/** Of a pause no more than this counts. */
const SLICE_MS = 200;

/**
 * Body of the answer. `deadlineMs` covers connecting, sending and receiving together; a body of more than
 * `maxBytes` is refused as soon as that is known.
 */
export function httpGet(
  sys: Sys,
  url: HttpUrl,
  limits: { readonly deadlineMs: number; readonly maxBytes: number },
): Result<Uint8Array, HttpProblem> {
  let leftMs = limits.deadlineMs;
  const patiently: Patiently = (mostMs, wait) => {
    for (;;) {
      const timeoutMs = Math.ceil(Math.min(leftMs, mostMs));
      const startUs = sys.monotonicUs();
      try {
        if (timeoutMs > 0) return wait(timeoutMs);
        throw new SysError('ETIMEDOUT', 'http', '');
      } catch (error) {
        if (timeoutMs < mostMs || !isErrno(error, 'ETIMEDOUT')) throw error;
      } finally {
        leftMs -= Math.min(timeoutMs, (sys.monotonicUs() - startUs) / 1000);
      }
    }
  };
  let fd: Fd | undefined;
  try {
    fd = patiently(limits.deadlineMs, (timeoutMs) => sys.connectTcp(url.address, url.port, timeoutMs));
    sendAll(sys, fd, requestFor(url), patiently);
    return receive(sys, fd, limits.maxBytes, patiently);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const reason = REASONS[error.code] ?? 'unreachable';
    const text = reason === 'timed out' ? `no answer within ${limits.deadlineMs} ms` : error.message;
    return err({ reason, text });
  } finally {
    if (fd !== undefined) sys.close(fd);
  }
}

function requestFor({ host, path }: HttpUrl): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
}

function sendAll(sys: Sys, fd: Fd, text: string, patiently: Patiently): void {
  const bytes = sys.encodeUtf8(text);
  for (let offset = 0; offset < bytes.length; ) {
    offset += patiently(SLICE_MS, (timeoutMs) =>
      sys.send(fd, bytes, offset, bytes.length - offset, timeoutMs),
    );
  }
}

function receive(sys: Sys, fd: Fd, maxBytes: number, patiently: Patiently): Result<Uint8Array, HttpProblem> {
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  for (let length = 0; ; ) {
    if (length === buffer.length) {
      // Room for head, body, and the framing of a body in chunks; readResponse ends what is larger.
      const larger = new Uint8Array(Math.min(buffer.length * 4, 2 * (maxBytes + MAX_HEAD_BYTES)));
      if (larger.length === length) return err({ reason: 'too large', text: 'mostly chunk framing' });
      larger.set(buffer);
      buffer = larger;
    }
    const room = buffer;
    const count = patiently(SLICE_MS, (timeoutMs) =>
      sys.recv(fd, room, length, room.length - length, timeoutMs),
    );
    length += count;
    const state = readResponse(buffer.subarray(0, length), count === 0, maxBytes);
    if (state.state === 'body') return ok(state.body);
    if (state.state === 'problem') return err(state.problem);
  }
}

const REASONS: Readonly<Record<string, HttpReason>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed out',
  ECONNRESET: 'malformed',
  EPIPE: 'malformed',
};
const FIRST_BUFFER_BYTES = 32 * 1024;
