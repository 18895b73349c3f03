/**
 * Reads an HTTP/1.1 response, strictly: RFC 9112. What is ambiguous (two lengths, a length beside chunks,
 * folded lines, bare line feeds) is malformed. No content codings: none is asked for.
 */

/** Largest status line and header fields together. */
export const MAX_HEAD_BYTES = 16 * 1024;

export type HttpReason = 'refused' | 'unreachable' | 'timed out' | 'status' | 'too large' | 'malformed';

export interface HttpProblem {
  readonly reason: HttpReason;
  /** One line: what was found. */
  readonly text: string;
}

export type ResponseState =
  | { readonly state: 'incomplete' }
  | { readonly state: 'body'; readonly body: Uint8Array }
  | { readonly state: 'problem'; readonly problem: HttpProblem };

/**
 * Looks at what has arrived so far. `ended` says that the server has closed the connection. The body of
 * anything but status 200 is not read.
 */
export function readResponse(bytes: Uint8Array, ended: boolean, maxBodyBytes: number): ResponseState {
  const headEnd = indexOfBlankLine(bytes);
  if (headEnd < 0 ? bytes.length > MAX_HEAD_BYTES : headEnd > MAX_HEAD_BYTES) {
    return problem('too large', `header of more than ${MAX_HEAD_BYTES} bytes`);
  }
  if (headEnd < 0) return ended ? problem('malformed', 'ended within the header') : { state: 'incomplete' };
  const head = readHead(bytes.subarray(0, headEnd));
  if (typeof head === 'string') return problem('malformed', head);
  if (head.status !== 200) return problem('status', `status ${head.status}`);
  const rest = bytes.subarray(headEnd + 4);
  const state = head.chunked
    ? readChunks(rest, maxBodyBytes)
    : readPlain(rest, head.length, ended, maxBodyBytes);
  return state.state === 'incomplete' && ended ? problem('malformed', 'ended within the body') : state;
}

interface Head {
  readonly status: number;
  readonly chunked: boolean;
  /** Absent: the body ends with the connection. */
  readonly length?: number;
}

/** The head, or what is wrong with it. */
function readHead(bytes: Uint8Array): Head | string {
  const [statusLine = '', ...lines] = asciiOf(bytes).split('\r\n');
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(statusLine)?.[1];
  if (status === undefined) return 'no HTTP/1.1 status line';
  const lengths = new Set<string>();
  let chunked = false;
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/.exec(line);
    if (field === null) return 'a malformed header field';
    const [, name = '', value = ''] = field;
    switch (name.toLowerCase()) {
      case 'content-length':
        lengths.add(value);
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') return `Transfer-Encoding ${value}`;
        chunked = true;
        break;
      case 'content-encoding':
        if (value.toLowerCase() !== 'identity') return `Content-Encoding ${value}`;
        break;
    }
  }
  const [length, ...others] = lengths;
  if (length === undefined) return { status: Number(status), chunked };
  if (chunked || others.length > 0 || !/^\d{1,15}$/.test(length)) return 'an ambiguous Content-Length';
  return { status: Number(status), chunked, length: Number(length) };
}

function readPlain(
  rest: Uint8Array,
  length: number | undefined,
  ended: boolean,
  limit: number,
): ResponseState {
  if ((length ?? rest.length) > limit) return problem('too large', `answer of more than ${limit} bytes`);
  if (length === undefined) return ended ? { state: 'body', body: rest } : { state: 'incomplete' };
  // What a server sends beyond the length belongs to no answer of ours.
  return rest.length < length ? { state: 'incomplete' } : { state: 'body', body: rest.subarray(0, length) };
}

/** RFC 9112 §7.1. Extensions and trailers are skipped. */
function readChunks(rest: Uint8Array, limit: number): ResponseState {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; ; ) {
    const lineEnd = indexOfCrLf(rest, at);
    if (lineEnd < 0 ? rest.length - at > MAX_CHUNK_LINE_BYTES : lineEnd - at > MAX_CHUNK_LINE_BYTES) {
      return problem('malformed', 'an endless chunk line');
    }
    if (lineEnd < 0) return { state: 'incomplete' };
    const size = /^([0-9a-fA-F]{1,8})[\t ]*(?:;.*)?$/.exec(asciiOf(rest.subarray(at, lineEnd)))?.[1];
    if (size === undefined) return problem('malformed', 'a malformed chunk size');
    const length = Number.parseInt(size, 16);
    const start = lineEnd + 2;
    if (length === 0) return readTrailers(rest, start, parts, total);
    total += length;
    if (total > limit) return problem('too large', `answer of more than ${limit} bytes`);
    if (rest.length < start + length + 2) return { state: 'incomplete' };
    at = start + length + 2;
    if (rest[at - 2] !== CR || rest[at - 1] !== LF) return problem('malformed', 'a chunk without its end');
    parts.push(rest.subarray(start, start + length));
  }
}

function readTrailers(rest: Uint8Array, from: number, parts: Uint8Array[], total: number): ResponseState {
  for (let at = from; ; ) {
    const end = indexOfCrLf(rest, at);
    if (end < 0 && rest.length - from <= MAX_HEAD_BYTES) return { state: 'incomplete' };
    if (end < 0 || end - from > MAX_HEAD_BYTES) return problem('too large', 'endless trailers');
    if (end === at) break;
    at = end + 2;
  }
  const body = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.length;
  }
  return { state: 'body', body };
}

function problem(reason: HttpReason, text: string): ResponseState {
  return { state: 'problem', problem: { reason, text } };
}

/** Index of the CR LF CR LF that ends the head. */
function indexOfBlankLine(bytes: Uint8Array): number {
  for (let at = indexOfCrLf(bytes, 0); at >= 0; at = indexOfCrLf(bytes, at + 2)) {
    if (bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
    if (at > MAX_HEAD_BYTES) return -1;
  }
  return -1;
}

function indexOfCrLf(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF) return at;
  }
  return -1;
}

function asciiOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

const CR = 13;
const LF = 10;
const MAX_CHUNK_LINE_BYTES = 256;
