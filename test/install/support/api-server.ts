/** As much of a Kubernetes API server as `kubectl apply --dry-run=client` asks: which kinds there are, and no objects. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update'];
const APPS = { groupVersion: 'apps/v1', version: 'v1' };

/** Kinds by group and version: discovery, https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
const ANSWERS: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [{ name: 'apps', versions: [APPS], preferredVersion: APPS }],
  },
  '/api/v1': resources('v1', 'configmaps', 'ConfigMap'),
  '/apis/apps/v1': resources('apps/v1', 'daemonsets', 'DaemonSet'),
};
const NOT_FOUND = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };

export class ApiServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ApiServer> {
    const server = createServer((request, response) => {
      const answer = ANSWERS[(request.url ?? '').replace(/\?.*/, '')];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? NOT_FOUND));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ApiServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function resources(groupVersion: string, name: string, kind: string): object {
  const resource = { name, singularName: '', namespaced: true, kind, verbs: VERBS };
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [resource] };
}
