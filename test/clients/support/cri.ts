/** A client of the Container Runtime Interface, as the kubelet is one: gRPC on the runtime's unix socket. */
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp?: string;
}

export interface SandboxConfig {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly namespace: string;
    readonly attempt: number;
  };
  readonly hostname: string;
  readonly logDirectory: string;
  readonly portMappings: readonly PortMapping[];
  readonly linux: { readonly cgroupParent: string };
}

export interface SandboxStatus {
  readonly status: {
    readonly id: string;
    readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
    readonly network: { readonly ip: string } | null;
  };
  /** JSON documents of the runtime's own. */
  readonly info: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An answer of the runtime that is an error. */
export class CriError extends Error {
  override readonly name = 'CriError';
}

export class Cri {
  readonly #client: grpc.Client;

  constructor(socketPath: string) {
    this.#client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure());
  }

  /** Waits until the runtime answers. */
  async ready(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.waitForReady(Date.now() + timeoutMs, (error) => (error ? reject(error) : resolve()));
    });
  }

  status() {
    return this.#call<{
      readonly status: {
        readonly conditions: readonly {
          readonly type: string;
          readonly status: boolean;
          readonly message: string;
        }[];
      };
      readonly info: Readonly<Record<string, string>>;
    }>('Status', { verbose: true });
  }

  /** The id of the sandbox. */
  async runPodSandbox(config: SandboxConfig): Promise<string> {
    return (await this.#call<{ podSandboxId: string }>('RunPodSandbox', { config })).podSandboxId;
  }

  async stopPodSandbox(id: string): Promise<void> {
    await this.#call('StopPodSandbox', { podSandboxId: id });
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.#call('RemovePodSandbox', { podSandboxId: id });
  }

  podSandboxStatus(id: string): Promise<SandboxStatus> {
    return this.#call('PodSandboxStatus', { podSandboxId: id, verbose: true });
  }

  async listPodSandboxes(): Promise<string[]> {
    const { items } = await this.#call<{ items: readonly { id: string }[] }>('ListPodSandbox', {});
    return items.map(({ id }) => id);
  }

  /** Creates and starts a container in a sandbox; its id. */
  async runContainer(
    sandboxId: string,
    sandboxConfig: SandboxConfig,
    container: { readonly name: string; readonly image: string; readonly command: readonly string[] },
  ): Promise<string> {
    const { name, image, command } = container;
    const config = {
      metadata: { name, attempt: sandboxConfig.metadata.attempt },
      image: { image },
      command,
      logPath: `${sandboxConfig.metadata.uid}-${name}.log`,
    };
    const request = { podSandboxId: sandboxId, config, sandboxConfig };
    const { containerId } = await this.#call<{ containerId: string }>('CreateContainer', request);
    await this.#call('StartContainer', { containerId });
    return containerId;
  }

  async execSync(containerId: string, cmd: readonly string[]): Promise<ExecResult> {
    const request = { containerId, cmd, timeout: EXEC_LIMIT_S };
    const done = await this.#call<{ stdout: Buffer; stderr: Buffer; exitCode: number }>('ExecSync', request);
    return { status: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
  }

  close(): void {
    this.#client.close();
  }

  #call<Answer>(name: string, request: object): Promise<Answer> {
    const method = SERVICE[name] as MethodDefinition<object, object> | undefined;
    if (method === undefined) throw new Error(`Internal error: the interface has no ${name}`);
    const { path, requestSerialize, responseDeserialize } = method;
    const options = { deadline: Date.now() + CALL_LIMIT_MS };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new grpc.Metadata(),
        options,
        (error, answer) => {
          if (error !== null) reject(new CriError(`${name}: ${error.details}`));
          else resolve(answer as Answer);
        },
      );
    });
  }
}

const SERVICE = loadSync(fileURLToPath(new URL('cri.proto', import.meta.url)), {
  enums: String,
  longs: Number,
  defaults: true,
})['runtime.v1.RuntimeService'] as ServiceDefinition;

/** A kubelet gives RunPodSandbox four minutes; no call of a test should need one. */
const CALL_LIMIT_MS = 180_000;
const EXEC_LIMIT_S = 60;
