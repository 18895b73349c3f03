/** The functions of computenetwork.dll. A handle is the id of its object. */
import { isObject } from '../../../../src/cni/json.ts';
import type { JsonObject } from '../../../../src/sys/json.ts';
import type { Model } from './model.ts';
import { endpointFrom, endpointV2, NO_ID, namespaceV2, networkFrom, networkV2 } from './objects.ts';
import type { Outcome } from './refusals.ts';

const NOT_FOUND = {
  Network: 'networkNotFound',
  Endpoint: 'endpointNotFound',
  Namespace: 'notFound',
} as const;
type Kind = keyof typeof NOT_FOUND;

/** `name` such as HcnQueryNetworkProperties; undefined for a function that is none of these. */
export function hcn(model: Model, name: string, args: readonly string[]): Outcome | undefined {
  const match = /^Hcn(Enumerate|Open|Query|Modify|Delete|Close|Create)(Network|Endpoint|Namespace)/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, verb = '', kind = ''] = match;
  const [first = '', second = '', third = ''] = args;
  return VERBS[verb]?.(model, kind as Kind, first.toLowerCase(), second, third.toLowerCase(), first);
}

type Verb = (
  model: Model,
  kind: Kind,
  id: string,
  document: string,
  parent: string,
  /** The first argument as it came. */
  first: string,
) => Outcome;

const VERBS: Readonly<Record<string, Verb>> = {
  Enumerate: (model, kind, _id, _document, _parent, query) => enumerate(model, kind, query),
  Open: (model, kind, id) => (properties(model, kind, id) ? { done: null } : { refused: NOT_FOUND[kind] }),
  Query: (model, kind, id) => {
    const found = properties(model, kind, id);
    return found ? { done: found } : { refused: NOT_FOUND[kind] };
  },
  Modify: (model, kind, id, document) =>
    kind === 'Namespace' ? modifyNamespace(model, id, document) : { done: null },
  Delete: remove,
  Close: () => ({ done: null }),
  Create: (model, kind, id, document, parent) => {
    const settings = model.parse(document);
    const given = id === NO_ID ? model.newId() : id;
    if (settings === undefined) return { refused: 'json' };
    return kind === 'Network'
      ? createNetwork(model, given, settings)
      : createEndpoint(model, given, settings, parent);
  },
};

function properties({ state }: Model, kind: Kind, id: string): JsonObject | undefined {
  if (kind === 'Namespace') return state.namespaces.includes(id) ? namespaceV2(id, state) : undefined;
  const network = state.networks.find((one) => one.id === id);
  const endpoint = state.endpoints.find((one) => one.id === id);
  if (kind === 'Network') return network && networkV2(network);
  return endpoint && endpointV2(endpoint);
}

/** The filter is a document in a document: `{"Filter":"{\"Name\":\"azure\"}"}`. */
function enumerate(model: Model, kind: Kind, query: string): Outcome {
  const document = model.parse(query);
  const filter = model.parse(typeof document?.Filter === 'string' ? document.Filter : '{}');
  if (document === undefined || filter === undefined) return { refused: 'json' };
  const { networks, endpoints, namespaces } = model.state;
  const ids = {
    Network: networks.map(({ id }) => id),
    Endpoint: endpoints.map(({ id }) => id),
    Namespace: namespaces,
  }[kind];
  const fits = (id: string) => {
    const object = properties(model, kind, id);
    return Object.entries(filter).every(
      ([key, wanted]) => String(object?.[ALIASES[key] ?? key]).toLowerCase() === String(wanted).toLowerCase(),
    );
  };
  return { done: ids.filter(fits).map((id) => id.toUpperCase()) };
}

/** Keys of a filter that are those of version 1. */
const ALIASES: Readonly<Record<string, string>> = { VirtualNetwork: 'HostComputeNetwork' };

function createNetwork(model: Model, id: string, settings: JsonObject): Outcome {
  const made = networkFrom(id, settings, model.state);
  if (typeof made === 'string') return { refused: made };
  model.change({ networks: [...model.state.networks, made] });
  return { done: id };
}

function createEndpoint(model: Model, id: string, settings: JsonObject, networkId: string): Outcome {
  const { state } = model;
  const network = state.networks.find((one) => one.id === networkId);
  if (network === undefined) return { refused: 'networkNotFound' };
  const made = endpointFrom(id, settings, network, state);
  if (typeof made === 'string') return { refused: made };
  model.change({ endpoints: [...state.endpoints, made], serial: state.serial + 1 });
  return { done: id };
}

function modifyNamespace(model: Model, id: string, document: string): Outcome {
  const { state } = model;
  const { ResourceType: resource, RequestType: what, Settings: settings } = model.parse(document) ?? {};
  const endpointId = isObject(settings) ? String(settings.EndpointId).toLowerCase() : '';
  const endpoint = state.endpoints.find((one) => one.id === endpointId);
  if (resource !== 'Endpoint') return { refused: 'json' };
  if (endpoint === undefined) return { refused: 'endpointNotFound' };
  if (what === 'Add' && endpoint.namespace !== '') return { refused: 'attached' };
  if (what === 'Remove' && endpoint.namespace !== id) return { refused: 'notFound' };
  const changed = { ...endpoint, namespace: what === 'Add' ? id : '' };
  model.change({ endpoints: state.endpoints.map((one) => (one === endpoint ? changed : one)) });
  return { done: null };
}

function remove(model: Model, kind: Kind, id: string): Outcome {
  if (properties(model, kind, id) === undefined) return { refused: NOT_FOUND[kind] };
  if (kind === 'Network') model.removeNetwork(id);
  if (kind === 'Endpoint') {
    model.change({ endpoints: model.state.endpoints.filter((endpoint) => endpoint.id !== id) });
  }
  return { done: null };
}
