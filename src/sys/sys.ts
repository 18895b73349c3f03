/**
 * Sys: everything that the product asks of the operating system.
 *
 * The executable binds it to the C host (quickjs.ts), unit tests to a fake. Every function checks its
 * arguments; misuse (a closed descriptor, an offset outside the buffer, a negative length) throws a
 * SysError with the errno name EBADF, EINVAL or ERANGE, exactly as a refusal of the kernel does.
 */

/** A file descriptor that one of the functions below has returned. */
export type Fd = number & { readonly __brand: 'Fd' };

/** Of an error that nobody expects; as the engine has it. */
const STACK_FRAMES = 10;

/**
 * A refused system call. `code` is the errno name, such as `ENOENT`; `call` the Sys function.
 *
 * Told by its name: the host throws the class of the image that was started, and code of an image that was
 * loaded later has a class of its own (scripts/build/late.ts).
 */
export class SysError extends Error {
  static override [Symbol.hasInstance](value: unknown): value is SysError {
    return value instanceof Error && value.name === 'SysError';
  }
  readonly code: string;
  readonly call: string;
  constructor(code: string, call: string, detail: string) {
    // Nearly always caught: to note where it was thrown takes the engine longer than the call itself.
    Error.stackTraceLimit = 0;
    super(detail === '' ? `${call}: ${code}` : `${call} ${detail}: ${code}`);
    Error.stackTraceLimit = STACK_FRAMES;
    this.name = 'SysError';
    this.code = code;
    this.call = call;
  }
}

/** True when `error` is a SysError with this errno name. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof SysError && codes.includes(error.code);
}

export type FileType = 'file' | 'directory' | 'symlink' | 'socket' | 'other';

export interface FileStat {
  /** Device number, as text: it does not fit a double on every platform. */
  readonly dev: string;
  readonly inode: string;
  readonly type: FileType;
  /** Permission bits only, such as 0o600. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export interface OpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  /** Create when missing; with `exclusive` fail with EEXIST when present. */
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly append?: boolean;
  /** Refuse a symbolic link as the last component (ELOOP). */
  readonly noFollow?: boolean;
  readonly directory?: boolean;
  /** Permission bits of a created file; 0o600 when absent. */
  readonly mode?: number;
}

export interface SpawnRequest {
  /** Absolute path of the program, then its arguments. No shell is involved. */
  readonly argv: readonly string[];
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** The child is killed when it has not ended by then; `timedOut` says so. */
  readonly timeoutMs: number;
  /** Limit for stdout and stderr each; more ends the child with `truncated`. */
  readonly maxOutputBytes: number;
}

export interface SpawnResult {
  /** Exit status, or -1 when a signal ended the child. */
  readonly status: number;
  readonly signal: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
}

export interface Sys {
  // ---- files; every path is absolute ----
  /** Opens with O_CLOEXEC, and without waiting for the other end of a FIFO. */
  open(path: string, options: OpenOptions): Fd;
  /** EINVAL for 0 to 2, which stay open. */
  close(fd: Fd): void;
  /** Reads up to `length` bytes to `buffer[offset…]`; returns the count, 0 at the end. */
  read(fd: Fd, buffer: Uint8Array, offset: number, length: number): number;
  /** Writes up to `length` bytes; returns the count. */
  write(fd: Fd, buffer: Uint8Array, offset: number, length: number): number;
  fsync(fd: Fd): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string, mode: number): void;
  rmdir(path: string): void;
  /** Names in a directory without `.` and `..`, in the order of the kernel. At most 65,536. */
  readdir(path: string): string[];
  /** Stat of a path; `follow` false looks at a symbolic link itself. */
  stat(path: string, follow: boolean): FileStat;
  fstat(fd: Fd): FileStat;
  /** Target of a symbolic link. */
  readlink(path: string): string;
  /** Takes an exclusive flock(2); false when it was not to be had within `timeoutMs`. */
  lock(fd: Fd, timeoutMs: number): boolean;

  // ---- sockets ----
  /**
   * NETLINK socket in the current network namespace; `protocol` 0 route, 12 netfilter. Errors carry the
   * kernel's text (NETLINK_EXT_ACK) and not the request (NETLINK_CAP_ACK).
   */
  netlink(protocol: number): Fd;
  /** TCP connection to an IPv4 address (32-bit number, host order); ETIMEDOUT after `timeoutMs`. */
  connectTcp(address: number, port: number, timeoutMs: number): Fd;
  send(fd: Fd, buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number;
  /**
   * One datagram or some bytes; 0 at the end of a stream. ETIMEDOUT when nothing came in time, EMSGSIZE when
   * the datagram is larger than `length`. Of a netlink socket only what the kernel sent.
   */
  recv(fd: Fd, buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number;

  // ---- processes and namespaces ----
  /** Enters the network namespace; EINVAL when `fd` is not one. */
  setNetns(fd: Fd): void;
  spawn(request: SpawnRequest): SpawnResult;
  /**
   * Forks. The child has left the session and keeps no descriptor but the sockets: the last close of a
   * netfilter socket waits for what was deleted through it, and that waiting is the child's.
   */
  detach(): 'parent' | 'child';
  /** Ends the process at once, without running anything. */
  exit(status: number): never;
  pid(): number;
  /** Path by which this program was called, then its arguments. */
  args(): string[];
  environ(): Record<string, string>;

  // ---- time ----
  monotonicUs(): number;
  /** Milliseconds since 1970. */
  realtimeMs(): number;
  sleepMs(ms: number): void;
  /** By the clock of `monotonicUs`; returns at once when the time has passed. */
  sleepUntilUs(timeUs: number): void;

  // ---- text ----
  encodeUtf8(text: string): Uint8Array;
  /** Invalid sequences become U+FFFD. */
  decodeUtf8(buffer: Uint8Array, offset: number, length: number): string;
  /** SHA-1 (RFC 3174) of `length` bytes from `buffer[offset]` on, as 40 hex digits. For names, never for security. */
  sha1Hex(buffer: Uint8Array, offset: number, length: number): string;
}
