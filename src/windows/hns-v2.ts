/** HNS version 2: the functions of computenetwork.dll (HCN). */
import type { JsonObject, JsonValue } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { HcnKind } from '../sys/windows.ts';
import { readEndpointAnswer, readNetworkAnswer } from './answers.ts';
import type { EndpointPlan, Hns, HnsEndpoint, HnsError, HnsNetwork, HnsRelease, NetworkPlan } from './hns.ts';
import type { HnsCalls } from './hns-calls.ts';
import { gone, made } from './hns-v1.ts';
import { policiesV2 } from './policies-v2.ts';
import { attachRequestV2, endpointRequestV2, networkRequestV2, queryV2 } from './requests-v2.ts';

export class HnsV2 implements Hns {
  readonly version = 2;
  readonly #calls: HnsCalls;

  constructor(calls: HnsCalls) {
    this.#calls = calls;
  }

  networkById(id: string): Result<HnsNetwork | undefined, HnsError> {
    return first(this.#find('Network', { ID: id }, readNetworkAnswer), (network) => network.id === id);
  }

  networkByName(name: string): Result<HnsNetwork | undefined, HnsError> {
    return first(
      this.#find('Network', { Name: name }, readNetworkAnswer),
      (network) => network.name === name,
    );
  }

  createNetwork(plan: NetworkPlan): Result<HnsNetwork, HnsError> {
    const { sys, timeoutMs } = this.#calls;
    const text = JSON.stringify(networkRequestV2(plan));
    const answer = this.#calls.run('HcnCreateNetwork', () => sys.hcnCreateNetwork('', text, timeoutMs));
    return made(answer, readNetworkAnswer);
  }

  deleteNetwork(id: string): Result<void, HnsError> {
    return this.#delete('Network', id);
  }

  endpointById(id: string): Result<HnsEndpoint | undefined, HnsError> {
    return first(this.#find('Endpoint', { ID: id }, readEndpointAnswer), (endpoint) => endpoint.id === id);
  }

  endpointsNamed(name: string): Result<readonly HnsEndpoint[], HnsError> {
    const all = this.#find('Endpoint', { Name: name }, readEndpointAnswer);
    return all.ok ? ok(all.value.filter((endpoint) => endpoint.name === name)) : all;
  }

  /** The filter knows the network by its name of version 1. */
  endpointsOf(networkId: string): Result<readonly HnsEndpoint[], HnsError> {
    const all = this.#find('Endpoint', { VirtualNetwork: networkId }, readEndpointAnswer);
    return all.ok ? ok(all.value.filter((endpoint) => endpoint.networkId === networkId)) : all;
  }

  createEndpoint(plan: EndpointPlan): Result<HnsEndpoint, HnsError> {
    const policies = policiesV2(plan.policies);
    if (!policies.ok) return err({ kind: 'refused', message: policies.error.message });
    const { sys, timeoutMs } = this.#calls;
    const text = JSON.stringify(endpointRequestV2(plan, policies.value));
    const answer = this.#calls.run('HcnCreateEndpoint', () =>
      sys.hcnCreateEndpoint(plan.networkId, '', text, timeoutMs),
    );
    return made(answer, readEndpointAnswer);
  }

  deleteEndpoint(id: string): Result<void, HnsError> {
    const endpoint = this.endpointById(id);
    if (!endpoint.ok) return endpoint;
    if (endpoint.value === undefined) return ok(undefined);
    // A namespace that is gone, or does not know it, does not keep it from being deleted.
    for (const namespace of endpoint.value.attachedTo) {
      const left = this.#modify(namespace, id, 'Remove');
      if (!left.ok && left.error.kind === 'timeout') return left;
    }
    return this.#delete('Endpoint', id);
  }

  isInUse({ attachedTo }: HnsEndpoint): Result<boolean, HnsError> {
    for (const namespace of attachedTo) {
      const there = this.#find('Namespace', { ID: namespace }, (value) => value);
      if (!there.ok) return there;
      if (there.value.length > 0) return ok(true);
    }
    return ok(false);
  }

  attach(endpointId: string, namespace: string): Result<void, HnsError> {
    const there = this.#find('Namespace', { ID: namespace }, (value) => value);
    if (!there.ok) return there;
    if (there.value.length === 0) {
      return err({ kind: 'not-found', message: `there is no namespace ${namespace}` });
    }
    const done = this.#modify(namespace, endpointId, 'Add');
    return done.ok ? ok(undefined) : done;
  }

  detach(endpointId: string, namespace: string): Result<void, HnsError> {
    return gone(this.#modify(namespace, endpointId, 'Remove'));
  }

  release(): Result<HnsRelease, HnsError> {
    return this.#calls.release();
  }

  #modify(namespace: string, endpointId: string, request: 'Add' | 'Remove') {
    const { sys, timeoutMs } = this.#calls;
    const text = JSON.stringify(attachRequestV2(endpointId, request));
    return this.#calls.run(`HcnModifyNamespace ${request}`, () =>
      sys.hcnModify('Namespace', namespace, text, timeoutMs),
    );
  }

  #delete(kind: 'Network' | 'Endpoint', id: string): Result<void, HnsError> {
    const { sys, timeoutMs } = this.#calls;
    return gone(this.#calls.run(`HcnDelete${kind}`, () => sys.hcnDelete(kind, id, timeoutMs)));
  }

  /** Ids by the filter, then each object; one that vanishes in between is left out. */
  #find<T>(
    kind: HcnKind,
    filter: JsonObject,
    read: (value: JsonValue | undefined) => T | undefined,
  ): Result<readonly T[], HnsError> {
    const { sys, timeoutMs } = this.#calls;
    const query = JSON.stringify(queryV2(filter));
    const ids = this.#calls.run(`HcnEnumerate${kind}s`, () => sys.hcnEnumerate(kind, query, timeoutMs));
    if (!ids.ok) return ids;
    const objects: T[] = [];
    for (const id of Array.isArray(ids.value) ? ids.value : []) {
      if (typeof id !== 'string') continue;
      const answer = this.#calls.run(`HcnQuery${kind}Properties`, () =>
        sys.hcnQuery(kind, id.replace(/[{}]/g, ''), query, timeoutMs),
      );
      if (!answer.ok && answer.error.kind !== 'not-found') return answer;
      const object = answer.ok ? read(answer.value) : undefined;
      if (object !== undefined) objects.push(object);
    }
    return ok(objects);
  }
}

function first<T>(
  all: Result<readonly T[], HnsError>,
  isWanted: (item: T) => boolean,
): Result<T | undefined, HnsError> {
  return all.ok ? ok(all.value.find(isWanted)) : all;
}
