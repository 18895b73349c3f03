/** One HTTP/1.1 GET over plain TCP to an IPv4 address, with one deadline for everything. */
import { err, ok, type Result } from '../sys/result.ts';
import { type Fd, type Sys, SysError } from '../sys/sys.ts';
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
 * Body of the answer. `deadlineMs` covers connecting, sending and receiving together; a body of more than
 * `maxBytes` is refused as soon as that is known.
 */
export function httpGet(
  sys: Sys,
  url: HttpUrl,
  limits: { readonly deadlineMs: number; readonly maxBytes: number },
): Result<Uint8Array, HttpProblem> {
  const endUs = sys.monotonicUs() + limits.deadlineMs * 1000;
  const remainingMs = (): number => {
    const left = Math.ceil((endUs - sys.monotonicUs()) / 1000);
    if (left <= 0) throw new SysError('ETIMEDOUT', 'http', '');
    return left;
  };
  let fd: Fd | undefined;
  try {
    fd = sys.connectTcp(url.address, url.port, remainingMs());
    sendAll(sys, fd, requestFor(url), remainingMs);
    return receive(sys, fd, limits.maxBytes, remainingMs);
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

function sendAll(sys: Sys, fd: Fd, text: string, remainingMs: () => number): void {
  const bytes = sys.encodeUtf8(text);
  for (let offset = 0; offset < bytes.length; ) {
    offset += sys.send(fd, bytes, offset, bytes.length - offset, remainingMs());
  }
}

function receive(
  sys: Sys,
  fd: Fd,
  maxBytes: number,
  remainingMs: () => number,
): Result<Uint8Array, HttpProblem> {
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  for (let length = 0; ; ) {
    if (length === buffer.length) {
      // Room for head, body, and the framing of a body in chunks; readResponse ends what is larger.
      const larger = new Uint8Array(Math.min(buffer.length * 4, 2 * (maxBytes + MAX_HEAD_BYTES)));
      if (larger.length === length) return err({ reason: 'too large', text: 'mostly chunk framing' });
      larger.set(buffer);
      buffer = larger;
    }
    const count = sys.recv(fd, buffer, length, buffer.length - length, remainingMs());
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
