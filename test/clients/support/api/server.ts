/** The API server that a kubelet of the tests talks to: `server.mjs PORT`, on 127.0.0.1, over what store.ts keeps. */
import http from 'node:http';
import { type ApiPath, ApiStore, asObject, type JsonObject, parsePath } from './store.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** A pod that nobody gives a time is ended within this. */
const GRACE_SECONDS = 5;

/** What a kubelet, or a test, asks for lists of. */
const KINDS: Readonly<Record<string, string>> = {
  csidrivers: 'CSIDriver',
  configmaps: 'ConfigMap',
  events: 'Event',
  nodes: 'Node',
  pods: 'Pod',
  runtimeclasses: 'RuntimeClass',
  secrets: 'Secret',
  services: 'Service',
};

const store = new ApiStore();

http
  .createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const path = parsePath(url.pathname);
    if (path === undefined) return answer(response, undefined);
    if (url.searchParams.get('watch') === 'true') return watch(path, url, response);
    answer(response, handle(request.method ?? '', path, url, await bodyOf(request)));
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

/** The object that the answer has; undefined when there is none of that name. */
function handle(method: string, path: ApiPath, url: URL, body: JsonObject): JsonObject | undefined {
  const isItem = path.name !== '';
  switch (method) {
    case 'GET':
      return isItem ? store.get(path) : listOf(path, url);
    case 'POST':
      return store.create(path, body);
    case 'PUT':
      return store.replace(path, body);
    case 'PATCH':
      return store.patch(path, body);
    case 'DELETE':
      return store.remove(path, Number(body.gracePeriodSeconds ?? GRACE_SECONDS));
    default:
      return undefined;
  }
}

function listOf(path: ApiPath, url: URL): JsonObject | undefined {
  const [, resource = ''] = /\/([a-z]+)$/.exec(path.collection) ?? [];
  const kind = KINDS[resource];
  if (kind === undefined) return undefined;
  const apiVersion = path.collection.replace(/^\/apis?\//, '').replace(`/${resource}`, '');
  const items = store.list(path).filter((object) => isSelected(object, url));
  return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: store.version }, items };
}

function watch(path: ApiPath, url: URL, response: http.ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  const since = Number(url.searchParams.get('resourceVersion') ?? 0);
  const end = store.watch(path, since, (change) => {
    if (isSelected(change.object, url)) response.write(`${JSON.stringify(change)}\n`);
  });
  response.on('close', end);
}

/** fieldSelector, of which a kubelet uses `spec.nodeName=…` and `metadata.name=…`. */
function isSelected(object: JsonObject, url: URL): boolean {
  const selectors = (url.searchParams.get('fieldSelector') ?? '').split(',').filter((text) => text !== '');
  return selectors.every((selector) => {
    const [keys = '', wanted = ''] = selector.split('=');
    const [outer = '', inner = ''] = keys.split('.');
    return String(asObject(object[outer])[inner] ?? '') === wanted;
  });
}

function answer(response: http.ServerResponse, object: JsonObject | undefined): void {
  const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
  response.writeHead(object === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(object ?? missing));
}

async function bodyOf(request: http.IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('a body of more than 4 MB');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}
