/**
 * A Sys for commands that only look: every call that would change a file is refused. The readers of the
 * state set damaged records aside; here each finds that another process was faster (ENOENT), and the
 * path is remembered instead.
 */
import { type OpenOptions, type Sys, SysError } from '../../sys/sys.ts';

export interface Observer {
  readonly sys: Sys;
  /** Paths of records that are damaged, found so far. */
  readonly damaged: ReadonlySet<string>;
}

export function observe(sys: Sys): Observer {
  const damaged = new Set<string>();
  const refuse = (call: string) => (): never => {
    throw new SysError('EROFS', call, 'by a command that only looks');
  };
  const looking: Sys = {
    ...reading(sys),
    rename: (from) => {
      damaged.add(from);
      throw new SysError('ENOENT', 'rename', from);
    },
    // On the way to the directory for damaged records, which nothing will be moved to.
    mkdir: () => undefined,
    unlink: refuse('unlink'),
    rmdir: refuse('rmdir'),
    fsync: refuse('fsync'),
    detach: refuse('detach'),
  };
  return { sys: looking, damaged };
}

/** Written out: the functions of the host are not enumerable, those of a class are on its prototype. */
function reading(sys: Sys): Omit<Sys, 'rename' | 'mkdir' | 'unlink' | 'rmdir' | 'fsync' | 'detach'> {
  return {
    open: (path, options) => sys.open(path, withoutChange(path, options)),
    close: (fd) => sys.close(fd),
    read: (fd, buffer, offset, length) => sys.read(fd, buffer, offset, length),
    write: (fd, buffer, offset, length) => sys.write(fd, buffer, offset, length),
    readdir: (path) => sys.readdir(path),
    stat: (path, follow) => sys.stat(path, follow),
    fstat: (fd) => sys.fstat(fd),
    readlink: (path) => sys.readlink(path),
    lock: (fd, timeoutMs) => sys.lock(fd, timeoutMs),
    netlink: (protocol) => sys.netlink(protocol),
    connectTcp: (address, port, timeoutMs) => sys.connectTcp(address, port, timeoutMs),
    send: (fd, buffer, offset, length, timeoutMs) => sys.send(fd, buffer, offset, length, timeoutMs),
    recv: (fd, buffer, offset, length, timeoutMs) => sys.recv(fd, buffer, offset, length, timeoutMs),
    setNetns: (fd) => sys.setNetns(fd),
    spawn: (request) => sys.spawn(request),
    exit: (status) => sys.exit(status),
    pid: () => sys.pid(),
    args: () => sys.args(),
    environ: () => sys.environ(),
    monotonicUs: () => sys.monotonicUs(),
    realtimeMs: () => sys.realtimeMs(),
    sleepMs: (ms) => sys.sleepMs(ms),
    sleepUntilUs: (timeUs) => sys.sleepUntilUs(timeUs),
    encodeUtf8: (text) => sys.encodeUtf8(text),
    decodeUtf8: (buffer, offset, length) => sys.decodeUtf8(buffer, offset, length),
    sha1Hex: (buffer, offset, length) => sys.sha1Hex(buffer, offset, length),
  };
}

function withoutChange(path: string, options: OpenOptions): OpenOptions {
  const { write, create, truncate, append } = options;
  if (write || create || truncate || append) {
    throw new SysError('EROFS', 'open', `${path} for writing by a command that only looks`);
  }
  return options;
}
