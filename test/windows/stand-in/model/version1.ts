/** HNSCall, and HCS as far as attaching needs it. */
import type { Model } from './model.ts';
import { endpointFrom, endpointV1, networkFrom, networkV1 } from './objects.ts';
import type { Outcome } from './refusals.ts';

/** `path` is such as `/endpoints/<id>`. */
export function hnsCall(model: Model, method: string, path: string, request: string): Outcome {
  const [, kind, id = ''] = path.split('/');
  const lower = id.toLowerCase();
  if (kind === 'globals') return { done: model.state.version };
  if (kind === 'networks') return networks(model, method, lower, request);
  return kind === 'endpoints' ? endpoints(model, method, lower, request) : { refused: 'notFound' };
}

function networks(model: Model, method: string, id: string, request: string): Outcome {
  const { state } = model;
  const found = state.networks.find((network) => network.id === id);
  if (method === 'GET' && id === '') return { done: state.networks.map(networkV1) };
  if (method === 'POST' && id === '') {
    const settings = model.parse(request);
    const made = settings === undefined ? 'json' : networkFrom(model.newId(), settings, state);
    if (typeof made === 'string') return { refused: made };
    model.change({ networks: [...state.networks, made] });
    return { done: networkV1(made) };
  }
  if (found === undefined) return { refused: 'networkNotFound' };
  if (method === 'DELETE') model.removeNetwork(id);
  return { done: method === 'DELETE' ? null : networkV1(found) };
}

function endpoints(model: Model, method: string, id: string, request: string): Outcome {
  const { state } = model;
  if (method === 'GET' && id === '') return { done: state.endpoints.map((one) => endpointV1(one, state)) };
  if (method === 'POST' && id === '') {
    const settings = model.parse(request);
    const networkId = String(settings?.VirtualNetwork ?? '').toLowerCase();
    const network = state.networks.find((one) => one.id === networkId);
    if (settings === undefined) return { refused: 'json' };
    if (network === undefined) return { refused: 'networkNotFound' };
    const made = endpointFrom(model.newId(), settings, network, state);
    if (typeof made === 'string') return { refused: made };
    model.change({ endpoints: [...state.endpoints, made], serial: state.serial + 1 });
    return { done: endpointV1(made, state) };
  }
  const found = state.endpoints.find((endpoint) => endpoint.id === id);
  if (found === undefined) return { refused: 'endpointNotFound' };
  if (method === 'DELETE')
    model.change({ endpoints: state.endpoints.filter((endpoint) => endpoint !== found) });
  return { done: method === 'DELETE' ? null : endpointV1(found, state) };
}

export function openSystem(model: Model, id: string): Outcome {
  return model.state.systems.includes(id) ? { done: null } : { refused: 'systemNotFound' };
}

/** `{"ResourceType":"Network","Settings":"<endpoint>","RequestType":"Add"}`. */
export function modifySystem(model: Model, id: string, request: string): Outcome {
  const { state } = model;
  const { ResourceType: resource, Settings: endpointId, RequestType: what } = model.parse(request) ?? {};
  const endpoint = state.endpoints.find((one) => one.id === String(endpointId).toLowerCase());
  if (resource !== 'Network') return { refused: 'json' };
  if (endpoint === undefined) return { refused: 'endpointNotFound' };
  const others = endpoint.containers.filter((container) => container !== id);
  const changed = { ...endpoint, containers: what === 'Add' ? [...others, id] : others };
  model.change({ endpoints: state.endpoints.map((one) => (one === endpoint ? changed : one)) });
  return { done: null };
}
