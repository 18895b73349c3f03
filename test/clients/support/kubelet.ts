/**
 * A real kubelet in a VM of the lab, over its containerd. There is no API server: it runs the pods of a directory,
 * and tells of them on its read-only port.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../../../lab/host/run.ts';
import type { Lab, Vm } from '../../../lab/lab.ts';
import { kubeletProgram } from '../../../scripts/kubelet/program.ts';
import { KUBELET_PARENT, removeCgroups } from './cgroups.ts';
import { closeClients, WORK } from './client-vm.ts';
import { steadyTraces, type Traces } from './traces.ts';
import { until } from './until.ts';

/** What the kubelet says of a pod, as far as it is looked at. */
export interface PodReport {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: {
    readonly phase: string;
    readonly reason?: string;
    readonly message?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly containerID?: string;
      readonly ready: boolean;
      readonly restartCount: number;
    }[];
  };
}

export function isReady({ status }: PodReport): boolean {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

export interface KubeletOptions {
  /** Of the lab, see cgroups.ts. */
  readonly cgroupParent: string;
  /** In its configuration. @default {what a kubelet has for itself} */
  readonly maxPods?: number;
  /** Where its manifests and its own files are, which a test may place where they outlive the VM. */
  readonly root?: string;
  /** Behind what the test needs, so that these win. */
  readonly flags?: readonly string[];
}

export class Kubelet {
  readonly vm: Vm;
  readonly #nodeName: string;
  readonly #manifests: string;
  readonly #flags: readonly string[];
  #pid = 0;

  private constructor(vm: Vm, nodeName: string, root: string, flags: readonly string[]) {
    this.vm = vm;
    this.#nodeName = nodeName;
    this.#manifests = join(root, MANIFESTS);
    this.#flags = ['--root-dir', join(root, 'kubelet'), ...flags];
  }

  /** Why there is none; false when there is one. */
  static get missing(): string | false {
    return existsSync(PROGRAM) ? false : 'skipped: make test-kubelet builds one';
  }

  /** Its release, such as 1.30. */
  static async release(vm: Vm): Promise<string> {
    const text = await vm.mustExec([PROGRAM, '--version']);
    const release = /^Kubernetes v(\d+\.\d+)\./.exec(text)?.[1];
    assert.ok(release, text);
    return release;
  }

  /** Runs it with flags alone, as one does that are wrong. */
  static async try(vm: Vm, flags: readonly string[]): Promise<RunResult> {
    await shieldKernel(vm);
    return await vm.exec([PROGRAM, ...flags], { timeoutMs: TRY_LIMIT_MS });
  }

  /** Starts it and waits until it answers; its containerd runs already. */
  static async start(
    vm: Vm,
    { root = '/var/lib', flags = [], ...options }: KubeletOptions,
  ): Promise<Kubelet> {
    mkdirSync(vm.path(join(root, MANIFESTS)), { recursive: true });
    writeFileSync(vm.path(CONFIG), JSON.stringify(configuration(root, options), null, 2));
    await shieldKernel(vm);
    const kubelet = new Kubelet(vm, (await vm.mustExec(['hostname'])).trim(), root, flags);
    await kubelet.start();
    return kubelet;
  }

  /** Starts it again after `kill` or `stop`. */
  async start(): Promise<void> {
    const argv = [PROGRAM, '--config', CONFIG, '--v', LOG_LEVEL, ...this.#flags];
    this.#pid = await this.vm.start(argv, { outputPath: LOG });
    await until('the kubelet answers', async () => {
      assert.ok(this.isRunning, `the kubelet runs: ${this.log.slice(-LAST_WORDS_CHARS)}`);
      return (await this.#get('/healthz', HEALTH_PORT)) === 'ok';
    });
  }

  get isRunning(): boolean {
    return existsSync(this.vm.path(`/proc/${this.#pid}`));
  }

  /** Ends it like a crash. */
  async kill(): Promise<void> {
    await this.vm.stop(this.#pid);
  }

  /** Ends it as its service does. */
  async stop(): Promise<void> {
    await this.vm.mustExec(['kill', '-TERM', String(this.#pid)]);
    await until('the kubelet ends', () => !this.isRunning);
  }

  /** What it has logged, events among it. */
  get log(): string {
    return readFileSync(this.vm.path(LOG), 'utf8');
  }

  /** Waits until it logs what matches, from a place in its log on. */
  async whenLogged(what: RegExp, from = 0): Promise<string> {
    let found: string | undefined;
    await until(`the kubelet logs ${what}`, () => {
      found = what.exec(this.log.slice(from))?.[0];
      return found !== undefined;
    });
    return found ?? '';
  }

  /** Gives it a pod to run, or replaces one: a file that is there at once with all that is in it. */
  give(name: string, manifest: object): void {
    const hidden = this.vm.path(join(this.#manifests, `.${name}`));
    writeFileSync(hidden, JSON.stringify(manifest));
    renameSync(hidden, this.vm.path(join(this.#manifests, `${name}.json`)));
  }

  /** Takes the pod away from it; it then ends it. */
  take(name: string): void {
    rmSync(this.vm.path(join(this.#manifests, `${name}.json`)));
  }

  /** The pods that it has. */
  async pods(): Promise<readonly PodReport[]> {
    const text = await this.#get('/pods', READ_ONLY_PORT);
    const { items } = JSON.parse(text === '' ? '{}' : text) as {
      readonly items?: readonly PodReport[] | null;
    };
    return items ?? [];
  }

  /** The pod of this name; the kubelet puts the node's behind it. */
  async pod(name: string): Promise<PodReport | undefined> {
    return (await this.pods()).find(({ metadata }) => metadata.name === `${name}-${this.#nodeName}`);
  }

  /** How often a probe of a pod's container has ended with this result. */
  async probes(
    pod: string,
    type: 'Liveness' | 'Readiness',
    result: 'successful' | 'failed',
  ): Promise<number> {
    const lines = (await this.#get('/metrics/probes', READ_ONLY_PORT)).split('\n');
    const labels = [`pod="${pod}-${this.#nodeName}"`, `probe_type="${type}"`, `result="${result}"`];
    const line = lines.find(
      (text) => text.startsWith('prober_probe_total{') && labels.every((label) => text.includes(label)),
    );
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  /** Runs a program in a container, as `kubectl exec` has the kubelet do it. */
  async exec(
    pod: string,
    argv: readonly string[],
  ): Promise<{ readonly status: number; readonly stdout: string }> {
    const path = `/run/default/${pod}-${this.#nodeName}/${CONTAINER}`;
    const url = `https://127.0.0.1:${EXEC_PORT}${path}?cmd=${argv.map(encodeURIComponent).join('+')}`;
    return await this.vm.exec(['curl', '-skf', '--max-time', EXEC_LIMIT_S, '-X', 'POST', url]);
  }

  /** Empty when it does not answer. */
  async #get(path: string, port: number): Promise<string> {
    const url = `http://127.0.0.1:${port}${path}`;
    return (await this.vm.exec(['curl', '-sf', '--max-time', ANSWER_LIMIT_S, url])).stdout;
  }
}

/** The traces of a node at a moment in which the kubelet runs no program of its own: it has rules of iptables. */
export async function tracesAtRest(vm: Vm): Promise<Traces> {
  let found = await steadyTraces(vm);
  await until('the kubelet runs nothing', async () => {
    found = await steadyTraces(vm);
    return !found.processes.some((name) => /^ip6?tables/.test(name));
  });
  return found;
}

/** Takes the lab down with all that runs in it. */
export async function closeKubelets(lab: Lab): Promise<void> {
  await closeClients(lab);
  await removeCgroups(KUBELET_PARENT);
}

/**
 * A kubelet sets what it wants of the kernel, and these are the machine's, not the VM's: it finds files in their place
 * that have what it wants. protectKernelDefaults makes it refuse, rather than set others.
 */
async function shieldKernel(vm: Vm): Promise<void> {
  mkdirSync(vm.path(WORK), { recursive: true });
  for (const [index, [name, value]] of Object.entries(WANTED_OF_KERNEL).entries()) {
    const file = `${WORK}/kernel-${index}`;
    if (existsSync(vm.path(file))) continue;
    writeFileSync(vm.path(file), value);
    await vm.mustExec(['mount', '--bind', file, `/proc/sys/${name}`]);
  }
}

/** The names of the containers in the pods of the tests. */
export const CONTAINER = 'who';

/**
 * Control groups are the machine's: it makes none (cgroupsPerQOS), and limits one that is not there (cgroupRoot, which
 * is the root otherwise). How full the machine is does not concern the test. Its plugins for volumes would be in /usr,
 * which is the machine's too.
 */
function configuration(root: string, { cgroupParent, maxPods }: KubeletOptions): object {
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    staticPodPath: join(root, MANIFESTS),
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    readOnlyPort: READ_ONLY_PORT,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroupParent,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    oomScoreAdj: 0,
    protectKernelDefaults: true,
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    fileCheckFrequency: '1s',
    contentType: 'application/json',
    nodeStatusUpdateFrequency: '1s',
    ...(maxPods !== undefined && { maxPods }),
  };
}

const WANTED_OF_KERNEL = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

const PROGRAM = kubeletProgram();
const CONFIG = `${WORK}/kubelet.json`;
const MANIFESTS = 'manifests';
const LOG = `${WORK}/kubelet.log`;
/** From here on events are in the log. */
const LOG_LEVEL = '3';
const READ_ONLY_PORT = 10_255;
const EXEC_PORT = 10_250;
const HEALTH_PORT = 10_248;
const ANSWER_LIMIT_S = '20';
const EXEC_LIMIT_S = '60';
const TRY_LIMIT_MS = 60_000;
const LAST_WORDS_CHARS = 2000;
