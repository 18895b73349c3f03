/** HNS version 1: HNSCall of vmcompute.dll, and HCS to attach an endpoint to a running container. */
import type { JsonValue } from '../sys/json.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { readEndpointAnswer, readNetworkAnswer } from './answers.ts';
import type { EndpointPlan, Hns, HnsEndpoint, HnsError, HnsNetwork, HnsRelease, NetworkPlan } from './hns.ts';
import type { HnsCalls } from './hns-calls.ts';
import { attachRequestV1, endpointRequestV1, networkRequestV1 } from './requests-v1.ts';

export class HnsV1 implements Hns {
  readonly version = 1;
  readonly #calls: HnsCalls;

  constructor(calls: HnsCalls) {
    this.#calls = calls;
  }

  networkById(id: string): Result<HnsNetwork | undefined, HnsError> {
    return found(this.#calls.v1('GET', `/networks/${id}`), readNetworkAnswer);
  }

  networkByName(name: string): Result<HnsNetwork | undefined, HnsError> {
    const all = this.#list('/networks/', readNetworkAnswer);
    return all.ok ? ok(all.value.find((network) => network.name === name)) : all;
  }

  createNetwork(plan: NetworkPlan): Result<HnsNetwork, HnsError> {
    return made(this.#calls.v1('POST', '/networks/', networkRequestV1(plan)), readNetworkAnswer);
  }

  deleteNetwork(id: string): Result<void, HnsError> {
    return gone(this.#calls.v1('DELETE', `/networks/${id}`));
  }

  endpointById(id: string): Result<HnsEndpoint | undefined, HnsError> {
    return found(this.#calls.v1('GET', `/endpoints/${id}`), readEndpointAnswer);
  }

  endpointsNamed(name: string): Result<readonly HnsEndpoint[], HnsError> {
    const all = this.#list('/endpoints/', readEndpointAnswer);
    return all.ok ? ok(all.value.filter((endpoint) => endpoint.name === name)) : all;
  }

  endpointsOf(networkId: string): Result<readonly HnsEndpoint[], HnsError> {
    const all = this.#list('/endpoints/', readEndpointAnswer);
    return all.ok ? ok(all.value.filter((endpoint) => endpoint.networkId === networkId)) : all;
  }

  createEndpoint(plan: EndpointPlan): Result<HnsEndpoint, HnsError> {
    return made(this.#calls.v1('POST', '/endpoints/', endpointRequestV1(plan)), readEndpointAnswer);
  }

  deleteEndpoint(id: string): Result<void, HnsError> {
    return gone(this.#calls.v1('DELETE', `/endpoints/${id}`));
  }

  isInUse({ attachedTo }: HnsEndpoint): Result<boolean, HnsError> {
    return ok(attachedTo.length > 0);
  }

  attach(endpointId: string, containerId: string): Result<void, HnsError> {
    const endpoint = this.endpointById(endpointId);
    if (!endpoint.ok) return endpoint;
    if (endpoint.value?.attachedTo.includes(containerId.toLowerCase())) return ok(undefined);
    const done = this.#modify(containerId, endpointId, 'Add');
    return done.ok ? ok(undefined) : done;
  }

  detach(endpointId: string, containerId: string): Result<void, HnsError> {
    const endpoint = this.endpointById(endpointId);
    if (!endpoint.ok) return endpoint;
    if (!endpoint.value?.attachedTo.includes(containerId.toLowerCase())) return ok(undefined);
    return gone(this.#modify(containerId, endpointId, 'Remove'));
  }

  release(): Result<HnsRelease, HnsError> {
    return this.#calls.release();
  }

  #modify(containerId: string, endpointId: string, request: 'Add' | 'Remove') {
    const text = JSON.stringify(attachRequestV1(endpointId, request));
    const { sys, timeoutMs } = this.#calls;
    return this.#calls.run(`HCS ${request} endpoint`, () => sys.hcsModify(containerId, text, timeoutMs));
  }

  #list<T>(path: string, read: (value: JsonValue) => T | undefined): Result<readonly T[], HnsError> {
    const answer = this.#calls.v1('GET', path);
    if (!answer.ok) return answer;
    const items = Array.isArray(answer.value) ? answer.value : [];
    return ok(items.map(read).filter((item) => item !== undefined));
  }
}

/** What was asked for; not there is no error. */
export function found<T>(
  answer: Result<JsonValue | undefined, HnsError>,
  read: (value: JsonValue | undefined) => T | undefined,
): Result<T | undefined, HnsError> {
  if (answer.ok) return ok(read(answer.value));
  return answer.error.kind === 'not-found' ? ok(undefined) : answer;
}

/** What was created: without an id nobody could delete it. */
export function made<T>(
  answer: Result<JsonValue | undefined, HnsError>,
  read: (value: JsonValue | undefined) => T | undefined,
): Result<T, HnsError> {
  if (!answer.ok) return answer;
  const value = read(answer.value);
  return value === undefined
    ? err({ kind: 'refused', message: 'HNS created something and did not tell its ID' })
    : ok(value);
}

/** What was to be removed; not there is what was wanted. */
export function gone(answer: Result<unknown, HnsError>): Result<void, HnsError> {
  return answer.ok || answer.error.kind === 'not-found' ? ok(undefined) : answer;
}
