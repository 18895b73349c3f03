/** Starts the API server of server.ts in a VM, and asks it as kubectl does. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Vm } from '../../../../lab/lab.ts';
import { bundleProgram } from '../../../support/bundle.ts';
import { WORK } from '../client-vm.ts';
import { until } from '../until.ts';
import { asObject, type JsonObject } from './store.ts';

export interface ApiEvent {
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export interface ApiNode {
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
    readonly allocatable: { readonly pods: string };
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly nodeInfo: { readonly kubeletVersion: string };
  };
}

export class ApiServer {
  readonly #vm: Vm;

  private constructor(vm: Vm) {
    this.#vm = vm;
  }

  /** Starts it; KUBECONFIG leads there. */
  static async start(vm: Vm): Promise<ApiServer> {
    const program = `${WORK}/api-server.mjs`;
    await bundleProgram('clients/support/api/server.ts', vm.path(program));
    writeFileSync(vm.path(KUBECONFIG), kubeconfig());
    await vm.start([process.execPath, program, String(PORT)], { outputPath: `${WORK}/api-server.log` });
    const api = new ApiServer(vm);
    await until('the API server answers', async () => (await api.#ask('GET', '/api/v1/nodes')) !== undefined);
    return api;
  }

  /** The node, with what its kubelet says of it. */
  async node(name: string): Promise<ApiNode | undefined> {
    return (await this.#ask('GET', `/api/v1/nodes/${name}`)) as ApiNode | undefined;
  }

  /** What `kubectl describe` shows below an object. */
  async events(about: string): Promise<readonly ApiEvent[]> {
    const list = (await this.#ask('GET', '/api/v1/events')) as
      | { readonly items: readonly ApiEvent[] }
      | undefined;
    return (list?.items ?? []).filter(({ involvedObject }) => involvedObject.name === about);
  }

  /** Gives a pod to a node, as the scheduler does. */
  async createPod(node: string, manifest: JsonObject): Promise<void> {
    const spec = { ...asObject(manifest.spec), nodeName: node };
    const pod = { ...manifest, spec, status: { phase: 'Pending' } };
    assert.ok(await this.#ask('POST', PODS, pod));
  }

  async pod<Pod>(name: string): Promise<Pod | undefined> {
    return (await this.#ask('GET', `${PODS}/${name}`)) as Pod | undefined;
  }

  /** Ends a pod; it is gone when its kubelet is done with it. */
  async deletePod(name: string): Promise<void> {
    assert.ok(await this.#ask('DELETE', `${PODS}/${name}`));
    await until(`${name} is gone`, async () => (await this.pod(name)) === undefined);
  }

  /** The answer; undefined when there is none, or nothing of that name. */
  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const url = `http://127.0.0.1:${PORT}${path}`;
    const argv = ['curl', '-sf', '--max-time', ANSWER_LIMIT_S, '-X', method, '--data-binary', '@-', url];
    const { status, stdout } = await this.#vm.exec(argv, {
      stdin: body === undefined ? '' : JSON.stringify(body),
    });
    return status === 0 ? JSON.parse(stdout) : undefined;
  }
}

function kubeconfig(): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${PORT}` } }],
    users: [{ name: 'node', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'node' } }],
    'current-context': 'test',
  });
}

/** For kubelet's --kubeconfig. */
export const KUBECONFIG = `${WORK}/kubeconfig.json`;
const PORT = 8001;
const PODS = '/api/v1/namespaces/default/pods';
const ANSWER_LIMIT_S = '20';
