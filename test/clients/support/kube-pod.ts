/** A pod of containerd, run through CRI in the order of the kubelet. */
import assert from 'node:assert/strict';
import { WORK } from './client-vm.ts';
import type { Containerd } from './containerd.ts';
import type { PortMapping, SandboxConfig, SandboxStatus } from './cri.ts';
import { IMAGE, WHO } from './image.ts';
import { POD_PORT, whenServing } from './traffic.ts';

export interface KubePodOptions {
  readonly cgroupParent: string;
  readonly ports?: readonly PortMapping[];
  /** How often this pod has been tried before. @default {0} */
  readonly attempt?: number;
}

export class KubePod {
  readonly name: string;
  readonly sandboxId: string;
  readonly address: string;
  readonly #containerd: Containerd;
  readonly #containerId: string;

  private constructor(
    containerd: Containerd,
    name: string,
    ids: { readonly sandboxId: string; readonly containerId: string; readonly address: string },
  ) {
    this.#containerd = containerd;
    this.name = name;
    this.sandboxId = ids.sandboxId;
    this.#containerId = ids.containerId;
    this.address = ids.address;
  }

  /** RunPodSandbox, and a container in it that serves POD_PORT. */
  static async run(containerd: Containerd, name: string, options: KubePodOptions): Promise<KubePod> {
    const { cri } = containerd;
    const config = sandboxConfig(name, options);
    const sandboxId = await cri.runPodSandbox(config);
    const { status } = await cri.podSandboxStatus(sandboxId);
    assert.equal(status.state, 'SANDBOX_READY');
    const command = [WHO, 'serve', name, String(POD_PORT)];
    const containerId = await cri.runContainer(sandboxId, config, { name: 'who', image: IMAGE, command });
    const address = status.network?.ip ?? '';
    return await whenServing(new KubePod(containerd, name, { sandboxId, containerId, address }));
  }

  exec(argv: readonly string[]) {
    return this.#containerd.cri.execSync(this.#containerId, argv);
  }

  status(): Promise<SandboxStatus> {
    return this.#containerd.cri.podSandboxStatus(this.sandboxId);
  }

  /** Stop twice, as the kubelet may do, then Remove. */
  async remove(): Promise<void> {
    const { cri } = this.#containerd;
    await cri.stopPodSandbox(this.sandboxId);
    await cri.stopPodSandbox(this.sandboxId);
    await cri.removePodSandbox(this.sandboxId);
  }
}

export function sandboxConfig(name: string, options: KubePodOptions): SandboxConfig {
  return {
    metadata: { name, uid: `uid-of-${name}`, namespace: 'default', attempt: options.attempt ?? 0 },
    hostname: name,
    logDirectory: `${WORK}/logs`,
    portMappings: options.ports ?? [],
    linux: { cgroupParent: options.cgroupParent },
  };
}
