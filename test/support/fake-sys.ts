/**
 * An operating system in memory. A `FakeWorld` has files, a clock, TCP servers and netlink; a process of
 * it is a `Sys`:
 *
 *     const world = new FakeWorld();
 *     const sys = world.process();               // any number of processes share one world
 *     world.write('/etc/x.json', '{}');          // world.read, world.list, world.exists, world.symlink
 *
 * Time stands still unless somebody waits or the test moves it: `world.nowMs += 5000`. Waits (sleepMs, a
 * held lock, a silent server) move it by themselves, so that no test takes real time.
 *
 * Faults, per process, by the number of the call (from 1) or by a function:
 *     world.process({ fault: (call) => (call.name === 'write' ? 'ENOSPC' : undefined) })
 *     world.process({ killAt: 7 })               // the 7th call ends the process: see `Killed`
 * A killed process throws `Killed` from that call and from every later one, its descriptors are closed and
 * its locks free; a write that is hit writes half its bytes first. `process.calls` counts the calls.
 *
 * TCP: `world.tcp.set('168.63.129.16:80', server)`. A server is 'refuse' or a function from the request to
 * a reply; an address without a server does not answer. Netlink: `world.netlink = fakeNetlink(...)`.
 * Programs: `world.process({ spawn: (request) => ... })`.
 */
import { SysError } from '../../src/sys/sys.ts';
import { FileTree } from './fake-files.ts';
import { FakeProcess, type ProcessOptions } from './fake-process.ts';
import type { TcpServer } from './fake-tcp.ts';

export { type FakeCall, FakeProcess, Killed, type ProcessOptions } from './fake-process.ts';
export type { TcpReply, TcpServer } from './fake-tcp.ts';

/** Answers the bytes sent on a netlink socket with datagrams. */
export type NetlinkAnswer = (protocol: number, request: Uint8Array) => readonly Uint8Array[];

export class FakeWorld {
  nowMs = Date.UTC(2030, 0, 1);
  readonly files = new FileTree(() => this.nowMs);
  readonly tcp = new Map<string, TcpServer>();
  /** Inode of a locked file → the process and descriptor that hold it. */
  readonly locks = new Map<number, { process: FakeProcess; fd: number }>();
  netlink: NetlinkAnswer = () => [];
  #nextPid = 1000;

  constructor() {
    for (const path of ['/run', '/var', '/var/log', '/etc', '/tmp']) this.files.mkdir(path, 0o755);
  }

  process(options: ProcessOptions = {}): FakeProcess {
    return new FakeProcess(this, { pid: this.#nextPid++, ...options });
  }

  write(path: string, content: string | Uint8Array, mode = 0o600): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const parts = path.split('/').slice(1, -1);
    parts.forEach((_, i) => {
      const directory = `/${parts.slice(0, i + 1).join('/')}`;
      if (!this.exists(directory)) this.files.mkdir(directory, 0o700);
    });
    const node = this.files.open(path, { write: true, create: true, truncate: true, mode });
    if (node.type === 'file') node.bytes = bytes;
  }

  read(path: string): string {
    const node = this.files.open(path, { read: true });
    if (node.type !== 'file') throw new Error(`${path} is a ${node.type}`);
    return new TextDecoder().decode(node.bytes);
  }

  /** Names in a directory, sorted; none when it is missing. */
  list(path: string): string[] {
    return this.exists(path) ? this.files.readdir(path).sort() : [];
  }

  exists(path: string): boolean {
    try {
      this.files.stat(path, false);
      return true;
    } catch (error) {
      if (error instanceof SysError) return false;
      throw error;
    }
  }

  symlink(path: string, target: string): void {
    this.files.symlink(path, target);
  }
}
