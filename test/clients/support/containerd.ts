/** A private containerd in a VM of the lab, with its CRI socket. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';
import { ARCHIVE, WORK } from './client-vm.ts';
import { Cri } from './cri.ts';
import { IMAGE } from './image.ts';

export class Containerd {
  readonly vm: Vm;
  #pid = 0;
  #cri: Cri | undefined;

  private constructor(vm: Vm) {
    this.vm = vm;
  }

  /** Starts it and imports the image. What it keeps is in `root`, which a test may place where it outlives the VM. */
  static async start(vm: Vm, root = `${WORK}/containerd`): Promise<Containerd> {
    const containerd = new Containerd(vm);
    writeFileSync(vm.path(CONFIG), configText(root));
    await containerd.start();
    for (const namespace of ['k8s.io', 'default']) {
      await vm.mustExec(['ctr', '--namespace', namespace, 'images', 'import', ARCHIVE]);
    }
    return containerd;
  }

  get cri(): Cri {
    assert.ok(this.#cri, 'containerd runs');
    return this.#cri;
  }

  /** What it has logged. */
  get log(): string {
    return readFileSync(this.vm.path(LOG), 'utf8');
  }

  /** Starts it again after `kill` or `stop`. */
  async start(): Promise<void> {
    this.#pid = await this.vm.start(['containerd', '--config', CONFIG], { outputPath: LOG });
    this.#cri = new Cri(this.vm.path(SOCKET));
    await this.#cri.ready(START_LIMIT_MS);
  }

  /** Ends it like a crash; what it has started goes on. */
  async kill(): Promise<void> {
    this.disconnect();
    await this.vm.stop(this.#pid);
  }

  /** Ends it as its service does. */
  async stop(): Promise<void> {
    this.disconnect();
    await this.vm.mustExec(['kill', '-TERM', String(this.#pid)]);
    const deadline = performance.now() + STOP_LIMIT_MS;
    while (existsSync(this.vm.path(`/proc/${this.#pid}`))) {
      assert.ok(performance.now() < deadline, 'containerd ends');
      await sleep(20);
    }
  }

  /** Lets go of the connection, when the VM ends. */
  disconnect(): void {
    this.#cri?.close();
    this.#cri = undefined;
  }
}

/**
 * Plugins and network configuration are where containerd looks by itself: /opt/cni/bin and /etc/cni/net.d.
 * restrict_oom_score_adj: a container need not have CAP_SYS_RESOURCE.
 */
const configText = (root: string): string => `version = 2
root = "${root}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${WORK}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IMAGE}"
  restrict_oom_score_adj = true
  disable_tcp_service = true
`;
const CONFIG = `${WORK}/containerd.toml`;
const LOG = `${WORK}/containerd.log`;
const SOCKET = '/run/containerd/containerd.sock';
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;
