/** The measurement: both contestants in turn, each in a VM of its own, ADD and DEL of one pod per round. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Vm } from '../lab/lab.ts';
import type { AttachmentCall, ExecPlugin } from '../src/cni/runtime/call.ts';
import { addChain, delChain } from '../src/cni/runtime/chain.ts';
import type { Contestant } from './contestants.ts';
import { TimedExec, type TimedRun } from './timed-exec.ts';

export const COMMANDS = ['ADD', 'DEL', 'VERSION'] as const;
export type Command = (typeof COMMANDS)[number];

/** What was measured of one contestant. */
export interface Measured {
  /** Milliseconds of each call, by command. */
  readonly wallMs: Readonly<Record<Command, readonly number[]>>;
  readonly cpuMs: Readonly<Record<Command, readonly number[]>>;
  readonly peakRssKib: number;
}

export interface Plan {
  readonly rounds: number;
  /** Not counted: the first ADD builds the network, caches fill. */
  readonly warmUpRounds: number;
  readonly ipconfigs: number;
}

/** One contestant at work. */
export class Runner {
  readonly contestant: Contestant;
  readonly vm: Vm;
  readonly #helper: TimedExec;
  readonly #wallMs: Record<Command, number[]> = { ADD: [], DEL: [], VERSION: [] };
  readonly #cpuMs: Record<Command, number[]> = { ADD: [], DEL: [], VERSION: [] };
  #peakRssKib = 0;
  #counts = false;

  private constructor(contestant: Contestant, vm: Vm) {
    this.contestant = contestant;
    this.vm = vm;
    this.#helper = new TimedExec(vm.anchor);
  }

  /** Makes the VM and the sandbox, which is used again in each round. */
  static async start(lab: Lab, contestant: Contestant, ipconfigs: number): Promise<Runner> {
    const vm = await lab.addVm({ secondaries: ipconfigs, conflist: null, cniPath: contestant.cniPath });
    await vm.addNetns(SANDBOX);
    return new Runner(contestant, vm);
  }

  get measured(): Measured {
    return { wallMs: this.#wallMs, cpuMs: this.#cpuMs, peakRssKib: this.#peakRssKib };
  }

  /** From now on calls count. */
  begin(): void {
    this.#counts = true;
  }

  /** ADD and DEL of a new container, and a VERSION, which is what starting costs. */
  async round(): Promise<void> {
    const { list, cniPath, title } = this.contestant;
    const containerId = randomBytes(32).toString('hex');
    const call: AttachmentCall = {
      list,
      path: cniPath,
      containerId,
      ifname: 'eth0',
      netns: `/run/netns/${SANDBOX}`,
      args: [
        ['IgnoreUnknown', '1'],
        ['K8S_POD_NAMESPACE', 'default'],
        ['K8S_POD_NAME', 'bench'],
        ['K8S_POD_INFRA_CONTAINER_ID', containerId],
      ],
    };
    const added = await addChain(this.#exec, call);
    if (!added.ok) throw new Error(`ADD of ${title} failed: ${added.error.error.message}`);
    const [failed] = await delChain(this.#exec, call, added.value.cache);
    if (failed !== undefined) throw new Error(`DEL of ${title} failed: ${failed.message}`);
    await this.#settle();
    const env = { CNI_COMMAND: 'VERSION', CNI_PATH: cniPath.join(':') };
    await this.#exec({ type: list.plugins[0]?.type ?? '', env, stdin: '{"cniVersion":"1.0.0"}' });
  }

  close(): void {
    this.#helper.close();
  }

  readonly #exec: ExecPlugin = async ({ type, env, stdin }) => {
    const program = join(this.contestant.cniPath[0] ?? '', type);
    const whole = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env };
    const run = await this.#helper.run({ argv: [program], env: whole, stdin });
    this.#note(env.CNI_COMMAND as Command, run);
    return { ...run, stderr: '' };
  };

  #note(command: Command, { wallNs, cpuNs, peakRssKib }: TimedRun): void {
    if (!this.#counts) return;
    this.#wallMs[command].push(wallNs / 1e6);
    this.#cpuMs[command].push(cpuNs / 1e6);
    this.#peakRssKib = Math.max(this.#peakRssKib, peakRssKib);
  }

  /** What a DEL has left to the background must not slow down the other contestant. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + SETTLE_LIMIT_MS;
    do await sleep(SETTLE_PAUSE_MS);
    while (!this.contestant.isQuiet(this.vm) && performance.now() < deadline);
    if (!this.contestant.isQuiet(this.vm)) {
      throw new Error(`DEL of ${this.contestant.title} was not complete after ${SETTLE_LIMIT_MS} ms`);
    }
  }
}

/** All rounds, A B A B …; `progress` is called after each. */
export async function runRounds(
  runners: readonly Runner[],
  { rounds, warmUpRounds }: Plan,
  progress: (done: number) => void,
): Promise<void> {
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    if (round === warmUpRounds) for (const runner of runners) runner.begin();
    for (const runner of runners) await runner.round();
    progress(round + 1 - warmUpRounds);
  }
}

/** Deletions of azure-vnet that go on in the background (src/vnet/pending.ts). */
export function pendingDeletions(vm: Vm): string[] {
  return readdirSync(vm.path('/run/azure-vnet/pending'));
}

const SANDBOX = 'bench';
const SETTLE_LIMIT_MS = 20_000;
const SETTLE_PAUSE_MS = 2;
