/** A process of a `FakeWorld`: its descriptors, its faults and its end. fake-sys.ts says how to use it. */
import { createHash } from 'node:crypto';
import { formatIpv4, type Ipv4 } from '../../src/net/ipv4.ts';
import {
  type Fd,
  type FileStat,
  type OpenOptions,
  type SpawnRequest,
  type SpawnResult,
  type Sys,
  SysError,
} from '../../src/sys/sys.ts';
import type { TreeNode } from './fake-files.ts';
import type { FakeWorld } from './fake-sys.ts';
import { silence, TcpConnection } from './fake-tcp.ts';

/** Thrown into a process that was killed; nothing may catch it. */
export class Killed extends Error {}

export interface FakeCall {
  readonly name: keyof Sys;
  /** 1 for the first call of the process. */
  readonly number: number;
  readonly args: readonly unknown[];
}

export interface ProcessOptions {
  readonly pid?: number;
  readonly args?: readonly string[];
  readonly environ?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly killAt?: number;
  /** An errno name to fail the call with. */
  readonly fault?: (call: FakeCall) => string | undefined;
  readonly spawn?: (request: SpawnRequest) => SpawnResult;
}

type Descriptor =
  | { readonly kind: 'file'; readonly node: TreeNode; readonly options: OpenOptions; offset: number }
  | {
      readonly kind: 'stream';
      readonly write: (bytes: Uint8Array) => void;
      readonly input: Uint8Array;
      offset: number;
    }
  | { readonly kind: 'tcp'; readonly connection: TcpConnection }
  | { readonly kind: 'netlink'; readonly protocol: number; readonly queue: Uint8Array[] };

export class FakeProcess implements Sys {
  /** Calls made so far. */
  calls = 0;
  readonly #world: FakeWorld;
  readonly #options: ProcessOptions & { readonly pid: number };
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #output: [string, string] = ['', ''];
  #nextFd = 3;
  #killed = false;

  constructor(world: FakeWorld, options: ProcessOptions & { readonly pid: number }) {
    this.#world = world;
    this.#options = options;
    const stream = (write: (bytes: Uint8Array) => void, input: string | Uint8Array = '') => {
      const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
      return { kind: 'stream', write, input: bytes, offset: 0 } as const;
    };
    const closed = () => {
      throw new SysError('EBADF', 'write', '');
    };
    this.#descriptors.set(0, stream(closed, options.stdin));
    for (const fd of [1, 2] as const) {
      const append = (bytes: Uint8Array) => {
        this.#output[fd - 1] += new TextDecoder().decode(bytes);
      };
      this.#descriptors.set(fd, stream(append));
    }
  }

  /** What it printed. */
  get stdout(): string {
    return this.#output[0];
  }
  get stderr(): string {
    return this.#output[1];
  }
  /** Descriptors that are open beside the standard ones. */
  get openDescriptors(): number {
    return [...this.#descriptors.keys()].filter((fd) => fd > 2).length;
  }

  open(path: string, options: OpenOptions): Fd {
    this.#enter('open', path, options);
    const node = this.#world.files.open(path, options);
    return this.#add({ kind: 'file', node, options, offset: 0 });
  }

  close(fd: Fd): void {
    this.#enter('close', fd);
    this.#descriptor(fd, 'close');
    this.#release(fd);
  }

  read(fd: Fd, buffer: Uint8Array, offset: number, length: number): number {
    this.#enter('read', fd);
    checkRange(buffer, offset, length, 'read');
    const open = this.#descriptor(fd, 'read');
    if (open.kind === 'file' && open.node.type === 'directory') throw new SysError('EISDIR', 'read', '');
    const bytes =
      open.kind === 'stream'
        ? open.input
        : open.kind === 'file' && open.node.type === 'file' && open.node.bytes;
    if (!bytes || !('offset' in open)) throw new SysError('EINVAL', 'read', `fd ${fd}`);
    if (open.kind === 'file' && !open.options.read) throw new SysError('EBADF', 'read', `fd ${fd}`);
    const part = bytes.subarray(open.offset, open.offset + length);
    buffer.set(part, offset);
    open.offset += part.length;
    return part.length;
  }

  write(fd: Fd, buffer: Uint8Array, offset: number, length: number): number {
    const open = this.#enterWrite(fd, buffer, offset, length);
    if (open.kind === 'stream') {
      open.write(buffer.subarray(offset, offset + length));
      return length;
    }
    if (open.kind !== 'file' || open.node.type !== 'file') throw new SysError('EINVAL', 'write', `fd ${fd}`);
    if (!open.options.write && !open.options.append) throw new SysError('EBADF', 'write', `fd ${fd}`);
    const at = open.options.append ? open.node.bytes.length : open.offset;
    const bytes = new Uint8Array(Math.max(open.node.bytes.length, at + length));
    bytes.set(open.node.bytes);
    bytes.set(buffer.subarray(offset, offset + length), at);
    open.node.bytes = bytes;
    open.node.mtimeMs = this.#world.nowMs;
    open.offset = at + length;
    return length;
  }

  fsync(fd: Fd): void {
    this.#enter('fsync', fd);
    this.#descriptor(fd, 'fsync');
  }

  rename(from: string, to: string): void {
    this.#enter('rename', from, to);
    this.#world.files.rename(from, to);
  }
  unlink(path: string): void {
    this.#enter('unlink', path);
    this.#world.files.unlink(path);
  }
  mkdir(path: string, mode: number): void {
    this.#enter('mkdir', path, mode);
    this.#world.files.mkdir(path, mode);
  }
  rmdir(path: string): void {
    this.#enter('rmdir', path);
    this.#world.files.rmdir(path);
  }
  readdir(path: string): string[] {
    this.#enter('readdir', path);
    return this.#world.files.readdir(path);
  }
  stat(path: string, follow: boolean): FileStat {
    this.#enter('stat', path, follow);
    return this.#world.files.stat(path, follow);
  }
  fstat(fd: Fd): FileStat {
    this.#enter('fstat', fd);
    const open = this.#descriptor(fd, 'fstat');
    if (open.kind !== 'file') throw new SysError('EINVAL', 'fstat', `fd ${fd}`);
    return this.#world.files.statOf(open.node);
  }
  readlink(path: string): string {
    this.#enter('readlink', path);
    return this.#world.files.readlink(path);
  }

  lock(fd: Fd, timeoutMs: number): boolean {
    this.#enter('lock', fd, timeoutMs);
    checkTimeout(timeoutMs, 'lock');
    const open = this.#descriptor(fd, 'lock');
    if (open.kind !== 'file') throw new SysError('EINVAL', 'lock', `fd ${fd}`);
    const holder = this.#world.locks.get(open.node.inode);
    if (holder !== undefined && !(holder.process === this && holder.fd === fd)) {
      this.#world.nowMs += timeoutMs;
      return false;
    }
    this.#world.locks.set(open.node.inode, { process: this, fd });
    return true;
  }

  netlink(protocol: number): Fd {
    this.#enter('netlink', protocol);
    return this.#add({ kind: 'netlink', protocol, queue: [] });
  }

  connectTcp(address: number, port: number, timeoutMs: number): Fd {
    const name = `${formatIpv4(address as Ipv4)}:${port}`;
    this.#enter('connectTcp', name, timeoutMs);
    const server = this.#world.tcp.get(name);
    if (server === 'refuse') throw new SysError('ECONNREFUSED', 'connectTcp', name);
    if (server === undefined) {
      this.#world.nowMs += timeoutMs;
      throw new SysError('ETIMEDOUT', 'connectTcp', name);
    }
    return this.#add({ kind: 'tcp', connection: new TcpConnection(server, this.#world) });
  }

  send(fd: Fd, buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number {
    this.#enter('send', fd, timeoutMs);
    checkRange(buffer, offset, length, 'send');
    const open = this.#descriptor(fd, 'send');
    const bytes = buffer.slice(offset, offset + length);
    if (open.kind === 'netlink') open.queue.push(...this.#world.netlink(open.protocol, bytes));
    else if (open.kind === 'tcp') open.connection.send(bytes);
    else throw new SysError('ENOTSOCK', 'send', `fd ${fd}`);
    return length;
  }

  recv(fd: Fd, buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number {
    this.#enter('recv', fd, timeoutMs);
    checkRange(buffer, offset, length, 'recv');
    const open = this.#descriptor(fd, 'recv');
    if (open.kind === 'netlink') {
      const datagram = open.queue.shift();
      if (datagram === undefined) return silence(this.#world, timeoutMs);
      buffer.set(datagram.subarray(0, length), offset);
      return Math.min(datagram.length, length);
    }
    if (open.kind !== 'tcp') throw new SysError('ENOTSOCK', 'recv', `fd ${fd}`);
    return open.connection.receive(buffer, offset, length, timeoutMs);
  }

  setNetns(fd: Fd): void {
    this.#enter('setNetns', fd);
    this.#descriptor(fd, 'setNetns');
  }
  spawn(request: SpawnRequest): SpawnResult {
    this.#enter('spawn', request);
    checkTimeout(request.timeoutMs, 'spawn');
    if (this.#options.spawn === undefined) throw new SysError('ENOENT', 'spawn', request.argv[0] ?? '');
    return this.#options.spawn(request);
  }
  detach(): 'parent' | 'child' {
    this.#enter('detach');
    return 'child';
  }
  exit(status: number): never {
    this.#enter('exit', status);
    this.#kill();
  }
  pid(): number {
    return this.#options.pid;
  }
  args(): string[] {
    return [...(this.#options.args ?? ['/opt/cni/bin/azure-vnet'])];
  }
  environ(): Record<string, string> {
    return { ...this.#options.environ };
  }

  monotonicUs(): number {
    return this.#world.nowMs * 1000;
  }
  realtimeMs(): number {
    return this.#world.nowMs;
  }
  sleepUntilUs(timeUs: number): void {
    this.#enter('sleepUntilUs', timeUs);
    this.#world.nowMs = Math.max(this.#world.nowMs, timeUs / 1000);
  }
  sleepMs(ms: number): void {
    this.#enter('sleepMs', ms);
    this.#world.nowMs += ms;
  }

  encodeUtf8(text: string): Uint8Array {
    return ENCODER.encode(text);
  }
  decodeUtf8(buffer: Uint8Array, offset: number, length: number): string {
    checkRange(buffer, offset, length, 'decodeUtf8');
    return DECODER.decode(buffer.subarray(offset, offset + length));
  }
  sha1Hex(buffer: Uint8Array, offset: number, length: number): string {
    checkRange(buffer, offset, length, 'sha1Hex');
    return createHash('sha1')
      .update(buffer.subarray(offset, offset + length))
      .digest('hex');
  }

  /** Counts the call and plays the fault that is due. */
  #enter(name: keyof Sys, ...args: readonly unknown[]): void {
    if (this.#killed) throw new Killed(`${name} of a killed process`);
    const number = ++this.calls;
    if (number === this.#options.killAt) this.#kill();
    const errno = this.#options.fault?.({ name, number, args });
    if (errno !== undefined) throw new SysError(errno, name, 'injected');
  }

  /** As `#enter`; a kill here leaves half of the bytes written. */
  #enterWrite(fd: Fd, buffer: Uint8Array, offset: number, length: number): Descriptor {
    const dies = this.calls + 1 === this.#options.killAt;
    const open = this.#descriptors.get(fd);
    if (dies && open?.kind === 'file' && open.node.type === 'file') {
      const half = buffer.slice(offset, offset + (length >> 1));
      open.node.bytes = new Uint8Array([...open.node.bytes, ...half]);
    }
    this.#enter('write', fd);
    checkRange(buffer, offset, length, 'write');
    return this.#descriptor(fd, 'write');
  }

  #kill(): never {
    this.#killed = true;
    for (const fd of [...this.#descriptors.keys()]) this.#release(fd);
    throw new Killed('the process was killed');
  }

  #add(descriptor: Descriptor): Fd {
    this.#descriptors.set(this.#nextFd, descriptor);
    return this.#nextFd++ as Fd;
  }

  #descriptor(fd: number, call: string): Descriptor {
    const found = this.#descriptors.get(fd);
    if (found === undefined) throw new SysError('EBADF', call, `fd ${fd}`);
    return found;
  }

  #release(fd: number): void {
    const open = this.#descriptors.get(fd);
    this.#descriptors.delete(fd);
    if (open?.kind !== 'file') return;
    const holder = this.#world.locks.get(open.node.inode);
    if (holder?.process === this && holder.fd === fd) this.#world.locks.delete(open.node.inode);
  }
}

function checkTimeout(timeoutMs: number, call: string): void {
  if (timeoutMs < 0 || timeoutMs > MAX_TIMEOUT_MS) throw new SysError('EINVAL', call, `timeout ${timeoutMs}`);
}

function checkRange(buffer: Uint8Array, offset: number, length: number, call: string): void {
  const whole = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0;
  if (!whole || offset + length > buffer.length) throw new SysError('ERANGE', call, `${offset}+${length}`);
}

/** HOST_MAX_TIMEOUT_MS of native/host.h. */
const MAX_TIMEOUT_MS = 600_000;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
