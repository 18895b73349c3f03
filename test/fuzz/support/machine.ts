/**
 * A virtual machine in memory in which calls of both plugins run in this process: files, two kinds of
 * netlink, namespaces, a wireserver and a third-party IPAM plugin. It writes down what each call changes.
 */
import { runPlugin } from '../../../src/cni/dispatch.ts';
import { azureVnetIpam } from '../../../src/ipam/plugin.ts';
import { WIRESERVER_URL } from '../../../src/ipam/wireserver.ts';
import { parseHttpUrl } from '../../../src/net/http.ts';
import { formatIpv4 } from '../../../src/net/ipv4.ts';
import { readMessages } from '../../../src/net/netlink/reader.ts';
import { writeOperation } from '../../../src/state/logfile.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { LOG_PATH, STATE_ROOT } from '../../../src/state/paths.ts';
import {
  type Fd,
  type OpenOptions,
  type SpawnRequest,
  type SpawnResult,
  SysError,
} from '../../../src/sys/sys.ts';
import { azureVnet } from '../../../src/vnet/plugin.ts';
import { type FakeCall, FakeProcess, FakeWorld, Killed } from '../../support/fake-sys.ts';
import { FakeNft } from '../../unit/vnet/fake-nft.ts';
import type { FuzzCall, Scene } from './calls.ts';
import { FakeKernel, HOST } from './fake-kernel.ts';
import { FOREIGN } from './verdict.ts';

const PLUGINS = '/opt/cni/bin';
const NETLINK_ROUTE = 0;
/** Calls of Sys that change something, by themselves. */
const CHANGES: readonly string[] = ['rename', 'unlink', 'mkdir', 'rmdir', 'spawn', 'detach', 'connectTcp'];
/** More calls of Sys than this, and four for each character of CNI_PATH, are a loop; a real call makes some 300. */
const MAX_SYS_CALLS = 5000;

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  /** What the call changed outside of itself, in order; the line of the log left out. */
  readonly changes: readonly string[];
  /** A third-party IPAM plugin was executed. */
  readonly delegated: boolean;
  /** Milliseconds that the call would have waited. */
  readonly waitedMs: number;
  /** Stack of an exception that nobody expected. */
  readonly exception: string | undefined;
}

export interface Faults {
  /** Number of the call of Sys that fails, from 1; 0 for none. */
  readonly at: number;
  readonly errno: string;
}

export class FuzzMachine {
  readonly world = new FakeWorld();
  readonly kernel = new FakeKernel();
  readonly nft = new FakeNft();
  readonly scene: Scene;
  /** Answers of the third-party IPAM plugin. */
  ipam: (request: SpawnRequest) => SpawnResult = () => exited(1, '');
  #pid = 100;

  constructor(sandboxCount = 3) {
    const sandboxes = Array.from({ length: sandboxCount }, (_, i) => `/run/netns/c${i}`);
    this.scene = {
      sandboxes,
      strangePaths: STRANGE_PATHS,
      cniPath: `/nonexistent:${PLUGINS}`,
      attached: new Map(),
    };
    for (const path of [
      ...sandboxes,
      HOST,
      '/etc/passwd',
      `${PLUGINS}/host-local`,
      `${PLUGINS}/azure-vnet-ipam`,
    ]) {
      this.world.write(path, 'x', 0o755);
    }
    this.world.symlink('/proc/self/exe', `${PLUGINS}/azure-vnet-ipam`);
    this.world.symlink('/run/netns/own', HOST);
    this.world.write('/etc/kubernetes/interfaces.json', INTERFACES_JSON);
    this.answerWith(WIRESERVER_XML);
  }

  /** What the wireserver answers from now on; undefined for silence. */
  answerWith(body: string | Uint8Array | undefined): void {
    const url = parseHttpUrl(WIRESERVER_URL);
    if (url === undefined) throw new Error(WIRESERVER_URL);
    const name = `${formatIpv4(url.address)}:${url.port}`;
    if (body === undefined) this.world.tcp.delete(name);
    else {
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      this.world.tcp.set(name, () => ({ chunks: [head, body], end: 'close' }));
    }
  }

  run({ plugin, env, stdin }: FuzzCall, faults: Faults = { at: 0, errno: '' }): Ran {
    const sys = new FuzzProcess(this, { pid: this.#pid++, environ: env, stdin, faults });
    const log = new OperationLog(sys);
    const startMs = this.world.nowMs;
    const status = runPlugin(sys, plugin === 'azure-vnet' ? azureVnet : azureVnetIpam, log);
    const { changes, delegated } = sys;
    const exception =
      log.fields.code === '999' && log.entries.length > 0 && !sys.stdout.includes(FOREIGN)
        ? log.entries.map(({ text }) => text).join('\n')
        : undefined;
    sys.recording = false;
    writeOperation(sys, log, LOG_PATH);
    if (faults.at === 0) lastLine(this.world.read(LOG_PATH));
    // The log is not what is tested; it would grow with every call.
    if (this.world.exists(LOG_PATH)) this.world.files.unlink(LOG_PATH);
    return {
      status,
      stdout: sys.stdout,
      changes: [...changes],
      delegated,
      waitedMs: this.world.nowMs - startMs,
      exception,
    };
  }

  /** Runs a call that is killed before its n-th call of Sys; false when it made fewer. */
  kill({ plugin, env, stdin }: FuzzCall, killAt: number): boolean {
    const faults = { at: 0, errno: '' };
    const sys = new FuzzProcess(this, { pid: this.#pid++, environ: env, stdin, faults, killAt });
    try {
      runPlugin(sys, plugin === 'azure-vnet' ? azureVnet : azureVnetIpam, new OperationLog(sys));
      return false;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return true;
    }
  }

  /** Lets any process of the world talk with the kernel, in the namespace of the host. */
  connectHost(): void {
    this.world.netlink = (protocol, bytes) => {
      const messages = readMessages(bytes);
      return protocol === NETLINK_ROUTE
        ? this.kernel.answer(messages, HOST, () => undefined)
        : this.nft.kernel(messages);
    };
  }

  /** The detached children of earlier DELs end. */
  endChildren(): void {
    for (const file of this.world.list(`${STATE_ROOT}/pending`)) {
      const path = `${STATE_ROOT}/pending/${file}`;
      const record: unknown = JSON.parse(this.world.read(path));
      const name = (record as { hostVeth?: unknown }).hostVeth;
      if (typeof name === 'string') this.kernel.deleteLink(name);
      this.world.files.unlink(path);
    }
  }
}

interface FuzzOptions {
  readonly pid: number;
  readonly environ: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly faults: Faults;
  readonly killAt?: number;
}

/** A process that knows its network namespace and writes down what it changes. */
class FuzzProcess extends FakeProcess {
  readonly changes: string[] = [];
  delegated = false;
  recording = true;
  readonly #machine: FuzzMachine;
  readonly #limit: number;
  readonly #paths = new Map<number, string>();
  readonly #namespaces = new Map<number, { readonly namespace: string; readonly protocol: number }>();
  #namespace = HOST;

  constructor(machine: FuzzMachine, { faults, ...options }: FuzzOptions) {
    super(machine.world, {
      ...options,
      fault: (call) => this.#look(call, faults),
      spawn: (request) => machine.ipam(request),
    });
    this.#machine = machine;
    this.#limit = MAX_SYS_CALLS + 4 * (options.environ.CNI_PATH ?? '').length;
  }

  override open(path: string, options: OpenOptions): Fd {
    const fd = super.open(path, options);
    if (options.write || options.append) this.#note(`open ${path}`);
    this.#paths.set(fd, this.#real(path));
    return fd;
  }

  override close(fd: Fd): void {
    super.close(fd);
    this.#paths.delete(fd);
    this.#namespaces.delete(fd);
  }

  override netlink(protocol: number): Fd {
    const fd = super.netlink(protocol);
    this.#namespaces.set(fd, { namespace: this.#namespace, protocol });
    return fd;
  }

  override send(fd: Fd, buffer: Uint8Array, offset: number, length: number, timeoutMs: number): number {
    const socket = this.#namespaces.get(fd);
    if (socket !== undefined) {
      const { namespace, protocol } = socket;
      const { kernel, nft, world } = this.#machine;
      world.netlink = (_protocol, bytes) => {
        const messages = readMessages(bytes);
        for (const { type } of messages)
          if (isChange(protocol, type)) this.#note(`netlink ${protocol} ${type}`);
        if (protocol !== NETLINK_ROUTE) return nft.kernel(messages);
        return kernel.answer(messages, namespace, (number) => this.#paths.get(number));
      };
    }
    return super.send(fd, buffer, offset, length, timeoutMs);
  }

  override setNetns(fd: Fd): void {
    super.setNetns(fd);
    const path = this.#paths.get(fd) ?? '';
    if (path !== HOST && !this.#machine.scene.sandboxes.includes(path))
      throw new SysError('EINVAL', 'setNetns', '');
    if (path !== HOST) this.#note(`setNetns ${path}`);
    this.#namespace = path;
  }

  /** The parent's side; the child is `endChildren`. */
  override detach(): 'parent' {
    super.detach();
    return 'parent';
  }

  #look({ name, number, args }: FakeCall, faults: Faults): string | undefined {
    if (number > this.#limit && this.recording) throw new Error(`more than ${this.#limit} calls of Sys`);
    if (name === 'spawn') this.delegated = true;
    if (CHANGES.includes(name)) this.#note(`${name} ${String(args[0])}`);
    const standard = (name === 'read' || name === 'write') && Number(args[0]) <= 2;
    return number === faults.at && !standard && this.recording ? faults.errno : undefined;
  }

  #note(what: string): void {
    if (this.recording) this.changes.push(what);
  }

  #real(path: string): string {
    const isLink = this.#machine.world.files.stat(path, false).type === 'symlink';
    return isLink ? this.#machine.world.files.readlink(path) : path;
  }
}

/** Kinds come in fours: NEW, DEL, GET, SET. nf_tables has its own order. */
function isChange(protocol: number, type: number): boolean {
  if (protocol === NETLINK_ROUTE) return type % 4 !== 2;
  return type < 16 || !NFT_READS.includes(type & 0xff);
}

/** GETTABLE, GETCHAIN, GETRULE, GETSET, GETSETELEM, GETGEN of linux/netfilter/nf_tables.h. */
const NFT_READS: readonly number[] = [1, 4, 7, 10, 13, 16];

/** The log is one JSON object per line, whatever a caller sent. */
function lastLine(text: string): void {
  const lines = text.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`the log has ${lines.length - 1} lines`);
  JSON.parse(lines[0] ?? '');
}

export function exited(status: number, stdout: string): SpawnResult {
  return { status, signal: 0, stdout, stderr: '', timedOut: false, truncated: false };
}

const STRANGE_PATHS = [
  '/proc/self/ns/net',
  '/run/netns/own',
  '/run/netns/nosuch',
  '/etc/passwd',
  '/etc',
  '/run/netns/c0/',
  'run/netns/c0',
  '../run/netns/c0',
  '/run/netns/../netns/c0',
  '/run//netns//c1',
];

/** Of the pool. */
export const ADDRESSES = Array.from({ length: 8 }, (_, i) => `10.240.0.${5 + i}`);
export const WIRESERVER_XML = `<Interfaces><Interface MacAddress="000D3A0A0B0C" IsPrimary="true"><IPSubnet Prefix="10.240.0.0/16"><IPAddress Address="10.240.0.4" IsPrimary="true"/>${ADDRESSES.map((address) => `<IPAddress Address="${address}" IsPrimary="false"/>`).join('')}</IPSubnet></Interface></Interfaces>`;
export const INTERFACES_JSON = JSON.stringify({
  Interfaces: [
    {
      MacAddress: '000D3A0A0B0C',
      IsPrimary: true,
      IPSubnets: [
        { Prefix: '10.240.0.0/16', IPAddresses: ADDRESSES.map((Address) => ({ Address, IsPrimary: false })) },
      ],
    },
  ],
});
