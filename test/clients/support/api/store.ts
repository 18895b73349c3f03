/**
 * What an API server of Kubernetes keeps, as far as a kubelet needs one: objects by their path, changes for those who
 * watch. Nothing is checked, nothing has a default.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
import { randomUUID } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: JsonObject;
}

/** `/api/v1/namespaces/default/pods/web/status`, taken apart. */
export interface ApiPath {
  /** Of all namespaces: /api/v1/pods. */
  readonly collection: string;
  readonly namespace: string;
  readonly name: string;
}

export function parsePath(path: string): ApiPath | undefined {
  const match =
    /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/[a-z]+)?$/.exec(
      path,
    );
  if (match === null) return undefined;
  const [, group = '', namespace = '', resource = '', name = ''] = match;
  return { collection: `${group}/${resource}`, namespace, name };
}

export class ApiStore {
  readonly #objects = new Map<string, JsonObject>();
  readonly #watchers = new Map<(change: Change) => void, string>();
  readonly #history: { readonly version: number; readonly collection: string; readonly change: Change }[] =
    [];
  #version = 1;

  /** The newest resourceVersion. */
  get version(): string {
    return String(this.#version);
  }

  get(path: ApiPath): JsonObject | undefined {
    return this.#objects.get(keyOf(path));
  }

  list({ collection, namespace }: ApiPath): JsonObject[] {
    const prefix = `${collection} ${namespace === '' ? '' : `${namespace} `}`;
    return [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object);
  }

  create(path: ApiPath, given: JsonObject): JsonObject {
    const metadata = asObject(given.metadata);
    const name = String(metadata.name ?? `${String(metadata.generateName)}${randomUUID().slice(0, 5)}`);
    const made = { uid: randomUUID(), creationTimestamp: new Date().toISOString().replace(/\.\d+/, '') };
    const object = { ...given, metadata: { ...metadata, ...made, name } };
    return this.#put({ ...path, name }, 'ADDED', object);
  }

  replace(path: ApiPath, object: JsonObject): JsonObject {
    return this.#put(path, 'MODIFIED', object);
  }

  patch(path: ApiPath, change: JsonObject): JsonObject | undefined {
    const before = this.get(path);
    return before === undefined ? undefined : this.replace(path, asObject(merged(before, change)));
  }

  /** At once, or, for a pod that runs, when its kubelet says so: the kubelet deletes again with 0 seconds. */
  remove(path: ApiPath, graceSeconds: number): JsonObject | undefined {
    const object = this.get(path);
    if (object === undefined) return undefined;
    if (graceSeconds > 0) {
      const deletionTimestamp = new Date(Date.now() + graceSeconds * 1000).toISOString().replace(/\.\d+/, '');
      return this.patch(path, { metadata: { deletionTimestamp, deletionGracePeriodSeconds: graceSeconds } });
    }
    this.#objects.delete(keyOf(path));
    this.#tell(path, 'DELETED', object);
    return object;
  }

  /** Calls `on` for every change of a collection since a version, until the function that is returned is called. */
  watch({ collection }: ApiPath, since: number, on: (change: Change) => void): () => void {
    for (const past of this.#history) {
      if (past.version > since && past.collection === collection) on(past.change);
    }
    this.#watchers.set(on, collection);
    return () => this.#watchers.delete(on);
  }

  #put(path: ApiPath, type: Change['type'], given: JsonObject): JsonObject {
    const object = this.#tell(path, type, given);
    this.#objects.set(keyOf(path), object);
    return object;
  }

  /** The object with its new version. */
  #tell({ collection }: ApiPath, type: Change['type'], given: JsonObject): JsonObject {
    const version = ++this.#version;
    const object = { ...given, metadata: { ...asObject(given.metadata), resourceVersion: String(version) } };
    const change = { type, object };
    this.#history.push({ version, collection, change });
    for (const [on, watched] of this.#watchers) if (watched === collection) on(change);
    return object;
  }
}

function keyOf({ collection, namespace, name }: ApiPath): string {
  return `${collection} ${namespace} ${name}`;
}

export function asObject(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

/** A strategic merge: objects key by key, null takes away, lists that have a key by that, others as a whole. */
function merged(before: Json | undefined, change: Json, listKey?: string): Json {
  if (Array.isArray(change)) {
    if (listKey === undefined || !Array.isArray(before)) return change;
    const keyOfItem = (item: Json): Json | undefined => asObject(item)[listKey];
    const kept = before.map((item) => {
      const newer = change.find((other) => keyOfItem(other) === keyOfItem(item));
      return newer === undefined ? item : merged(item, newer);
    });
    const known = before.map(keyOfItem);
    return [...kept, ...change.filter((item) => !known.includes(keyOfItem(item)))];
  }
  if (change === null || typeof change !== 'object') return change;
  const result: Record<string, Json> = { ...asObject(before) };
  for (const [key, value] of Object.entries(change)) {
    if (key.startsWith('$')) continue;
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value, LIST_KEYS[key]);
  }
  return result;
}

/** patchMergeKey of the lists in the status of nodes and pods. */
const LIST_KEYS: Readonly<Record<string, string>> = {
  conditions: 'type',
  addresses: 'type',
  podIPs: 'ip',
  hostIPs: 'ip',
};
