/** podman in a VM of the lab, on the CNI backend: configured in /etc/containers of the VM, as on any machine. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Vm } from '../../../lab/lab.ts';
import { ARCHIVE, WORK } from './client-vm.ts';
import { IMAGE, WHO } from './image.ts';
import { type ClientPod, POD_PORT, whenServing } from './traffic.ts';

export interface NetworkSettings {
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly Gateway: string;
  readonly MacAddress: string;
  /** Path of the network namespace. */
  readonly SandboxKey: string;
}

export class Podman {
  readonly #vm: Vm;
  readonly #cgroupParent: string;

  private constructor(vm: Vm, cgroupParent: string) {
    this.#vm = vm;
    this.#cgroupParent = cgroupParent;
  }

  /** Why it cannot be used; false when it can. */
  static get unusable(): string | false {
    const { stdout, error } = spawnSync('podman', ['--version'], { encoding: 'utf8' });
    if (error !== undefined) return 'podman is not installed: run `sh scripts/setup.sh test`';
    const [, major = ''] = /(\d+)\.\d/.exec(stdout) ?? [];
    return Number(major) <= LAST_WITH_CNI
      ? false
      : `${stdout.trim()} has no CNI; version 4 is the last with it`;
  }

  /** Configures it and loads the image. */
  static async configure(vm: Vm, cgroupParent: string): Promise<Podman> {
    mkdirSync(vm.path('/etc/containers'), { recursive: true });
    writeFileSync(vm.path('/etc/containers/containers.conf'), CONTAINERS_CONF);
    writeFileSync(vm.path('/etc/containers/storage.conf'), STORAGE_CONF);
    const podman = new Podman(vm, cgroupParent);
    await podman.run('load', '--quiet', '--input', ARCHIVE);
    return podman;
  }

  /** Runs `podman` with these words; its stdout. */
  run(...words: readonly string[]): Promise<string> {
    return this.#vm.mustExec(['podman', ...words]);
  }

  /** `podman run --detach` of a server; `flags` go before the image. */
  async serve(name: string, ...flags: readonly string[]): Promise<ClientPod> {
    await this.#serve(name, flags);
    return await this.pod(name);
  }

  /** The same in a pod. */
  async serveIn(pod: string, name: string): Promise<ClientPod> {
    await this.#serve(name, ['--pod', pod]);
    return await this.pod(name, { pod });
  }

  async #serve(name: string, flags: readonly string[]): Promise<void> {
    const inGroup = ['--cgroup-parent', this.#cgroupParent];
    const server = [WHO, 'serve', name, String(POD_PORT)];
    await this.run('run', '--detach', '--name', name, ...inGroup, ...flags, IMAGE, ...server);
  }

  /** `podman pod create`; a container joins by `serveIn`. */
  async createPod(name: string, ...flags: readonly string[]): Promise<void> {
    await this.run('pod', 'create', '--name', name, '--cgroup-parent', this.#cgroupParent, ...flags);
  }

  /** A container that serves, by its name. In a pod it is the infra container that has the address. */
  async pod(container: string, options: { name?: string; pod?: string } = {}): Promise<ClientPod> {
    const { name = container, pod } = options;
    const infra = ['pod', 'inspect', pod ?? '', '--format', '{{.InfraContainerID}}'];
    const attached = pod === undefined ? container : (await this.run(...infra)).trim();
    const { IPAddress: address } = await this.network(attached);
    const exec: ClientPod['exec'] = (argv) => this.#vm.exec(['podman', 'exec', container, ...argv]);
    return await whenServing({ name, address, exec });
  }

  async network(container: string): Promise<NetworkSettings> {
    return JSON.parse(await this.run('inspect', container, '--format', '{{json .NetworkSettings}}'));
  }
}

const LAST_WITH_CNI = 4;
/**
 * Plugins and network configuration are where podman looks by itself. The limits are below those of this process: a
 * container that may not raise its own (CAP_SYS_RESOURCE) cannot have podman's defaults.
 */
const CONTAINERS_CONF = `[network]
network_backend = "cni"
default_network = "azure"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
infra_image = "${IMAGE}"
[containers]
log_driver = "k8s-file"
cgroups = "no-conmon"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
`;
const STORAGE_CONF = `[storage]
driver = "overlay"
graphroot = "${WORK}/podman"
runroot = "/run/containers/storage"
`;
