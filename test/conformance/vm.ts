/**
 * A machine for one case: a network and a mount namespace that look like an Azure VM. eth0 has 10.91.0.4/24
 * and an Azure MAC; its other end is in the namespace "fabric", which is the gateway 10.91.0.1 and owns
 * 168.63.129.16. /run, /var/lib, /var/log and /sys are private. Everything is gone when the machine stops.
 *
 *   fabric: fab0 10.91.0.1, 168.63.129.16 ───veth─── eth0 10.91.0.4 :VM
 *
 * Programs run through nsenter(1), so this process itself never leaves its own namespaces.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface Ran {
  /** -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface VmOptions {
  /**
   * Processes in a namespace of their own as well, which end with it: for programs that leave others behind, in
   * sessions of their own.
   */
  readonly ownProcesses?: boolean;
}

export class TestVm {
  readonly #holder: ChildProcess;
  readonly #options: VmOptions;
  readonly #started: ChildProcess[] = [];

  private constructor(holder: ChildProcess, options: VmOptions) {
    this.#holder = holder;
    this.#options = options;
  }

  /** Makes the namespaces and the network. Needs root; throws when they cannot be made. */
  static async start(options: VmOptions = {}): Promise<TestVm> {
    const pid = options.ownProcesses === true ? ['-p', '-f', '--kill-child', '--mount-proc'] : [];
    // cat holds the namespaces, says when they exist by returning a line, and ends with our end.
    const argv = ['-n', '-m', ...pid, '--', 'cat'];
    const holder = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.on('error', () => holder.kill());
    holder.stdin.write('ready\n');
    const [ready] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
    if (String(ready).trim() !== 'ready') throw new Error('Cannot make namespaces: run as root');
    const vm = new TestVm(holder, options);
    try {
      for (const { argv, ...options } of SETUP) await vm.mustRun(argv, options);
      return vm;
    } catch (error) {
      await vm.stop();
      throw error;
    }
  }

  /** Runs a program to its end; it is killed after `PROGRAM_TIMEOUT_MS`, which fails the case. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const startedMs = performance.now();
    const child = this.#spawn(argv, options.env);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    // A plugin need not read its stdin.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    const [status] = (await once(child, 'close')) as [number | null];
    const durationMs = performance.now() - startedMs;
    return { status: status ?? -1, stdout: stdout.text(), stderr: stderr.text(), durationMs };
  }

  async mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const ran = await this.run(argv, options);
    if (ran.status === 0) return ran.stdout;
    throw new Error(`${argv.join(' ')}: exit status ${ran.status}: ${ran.stderr}`);
  }

  /** Starts a program that stays until the machine stops; resolves when it has printed a line. */
  async start(argv: readonly string[]): Promise<void> {
    const child = spawn('nsenter', this.#enter(argv), { env: wholeEnvironment({}) });
    this.#started.push(child);
    const stderr = collect(child.stderr);
    const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    if (!(line instanceof Buffer)) throw new Error(`${argv.join(' ')} has ended: ${stderr.text()}`);
  }

  /**
   * Starts a program that has none of our pipes, and neither has what it leaves behind. It stays until the machine
   * stops; `ended` resolves should it end before.
   */
  startSilent(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly ended: Promise<unknown> } {
    const child = spawn('nsenter', this.#enter(argv), { env: wholeEnvironment(env), stdio: 'ignore' });
    this.#started.push(child);
    return { ended: once(child, 'close') };
  }

  async stop(): Promise<void> {
    // With the holder, processes that nsenter(1) only waits for end as well.
    for (const child of [this.#holder, ...this.#started]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
  }

  #spawn(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const limit = { timeout: PROGRAM_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
    // In another namespace of processes it is nsenter that would be killed, and not the program.
    const inner =
      this.#options.ownProcesses === true ? ['timeout', '-s', 'KILL', INNER_TIMEOUT, ...argv] : argv;
    return spawn('nsenter', this.#enter(inner), { env: wholeEnvironment(env), ...limit });
  }

  #enter(argv: readonly string[]): string[] {
    const { pid } = this.#holder;
    if (this.#options.ownProcesses !== true) return ['-t', String(pid), '-n', '-m', '--', ...argv];
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return ['-t', first, '-n', '-m', '-p', '--', ...argv];
  }
}

function wholeEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env.PATH ?? '', ...env };
}

function collect(stream: NodeJS.ReadableStream): { text(): string } {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  return { text: () => Buffer.concat(parts).toString() };
}

const PROGRAM_TIMEOUT_MS = 180_000;
/** Seconds, as timeout(1) reads them. */
const INNER_TIMEOUT = '175';

const SETUP: readonly { readonly argv: readonly string[]; readonly stdin?: string }[] = [
  ...['/run', '/var/lib', '/var/log'].map((path) => ({ argv: ['mount', '-t', 'tmpfs', 'tmpfs', path] })),
  { argv: ['mount', '-t', 'sysfs', 'sysfs', '/sys'] },
  { argv: ['mkdir', '-p', '/run/netns', '/run/lock', '/var/lib/cni'] },
  { argv: ['ip', 'netns', 'add', 'fabric'] },
  {
    argv: ['ip', '-batch', '-'],
    stdin: `link set lo up
link add eth0 address 00:0d:3a:00:00:04 type veth peer name fab0 netns fabric
addr add 10.91.0.4/24 brd + dev eth0
link set eth0 up
route add default via 10.91.0.1
`,
  },
  {
    argv: ['ip', '-n', 'fabric', '-batch', '-'],
    stdin: `link set lo up
addr add 10.91.0.1/24 dev fab0
addr add 168.63.129.16/32 dev fab0
link set fab0 up
`,
  },
];
