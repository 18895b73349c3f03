/**
 * A small model of the host network service: networks, endpoints, namespaces and containers, the same objects for
 * both versions. It writes down every request, and may refuse, be silent, or not be there.
 */

import { SysError } from '../../../src/sys/sys.ts';
import type { HcnKind, HnsAnswer } from '../../../src/sys/windows.ts';

export interface FakeNetwork {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly subnet: string;
  readonly gateway: string;
}

export interface FakeEndpoint {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly address: string;
  readonly prefixBits: number;
  readonly mac: string;
  readonly policies: readonly unknown[];
  readonly attachedTo: Set<string>;
}

/** What happens to a call, by its name and its request; one that is `late` is done when nobody waits any more. */
export type HnsFault = (
  call: string,
) => 'silent' | 'late' | 'missing' | { readonly errorAfter: string } | { readonly error: string } | undefined;

export class FakeHns {
  readonly networks: FakeNetwork[] = [];
  readonly endpoints: FakeEndpoint[] = [];
  readonly namespaces = new Set<string>();
  /** Running ones. */
  readonly containers = new Set<string>();
  /** `POST /networks/ {…}`, `HcnCreateEndpoint {…}`: in order. */
  readonly calls: string[] = [];
  version = { Major: 9, Minor: 5 };
  fault: HnsFault = () => undefined;
  /** Runs before each call: where a process may be killed. */
  before: (timeoutMs: number) => void = () => undefined;
  /** Silence lasts as long as the caller waits. */
  elapse: (ms: number) => void = () => undefined;
  #next = 1;

  id(): string {
    return `00000000-0000-4000-8000-${String(this.#next++).padStart(12, '0')}`;
  }

  hnsCall(method: string, path: string, request: string, timeoutMs: number): HnsAnswer {
    return this.#call(`${method} ${path}`, request, timeoutMs, 'HNSCall', () => {
      const [, kind = '', id = ''] = path.split('/');
      const output = this.#v1(method, kind, id.toLowerCase(), request === '' ? {} : JSON.parse(request));
      const body =
        'refused' in Object(output)
          ? { Success: false, Error: Object(output).refused }
          : { Success: true, Output: output };
      return answer(JSON.stringify(body));
    });
  }

  hcsModify(containerId: string, request: string, timeoutMs: number): HnsAnswer {
    return this.#call('HcsModify', request, timeoutMs, 'HcsOpenComputeSystem', () => {
      if (!this.containers.has(containerId)) return failed(0xc037010e);
      const { Settings: id, RequestType: type } = JSON.parse(request);
      return this.#attach(id, containerId, type);
    });
  }

  hcnEnumerate(kind: HcnKind, query: string, timeoutMs: number): HnsAnswer {
    return this.#call(`HcnEnumerate${kind}s`, query, timeoutMs, `HcnEnumerate${kind}s`, () => {
      const filter = JSON.parse(JSON.parse(query).Filter ?? '{}');
      return answer(JSON.stringify(this.#matching(kind, filter).map((id) => id.toUpperCase())));
    });
  }

  hcnQuery(kind: HcnKind, id: string, query: string, timeoutMs: number): HnsAnswer {
    return this.#call(`HcnQuery${kind}`, query, timeoutMs, `HcnOpen${kind}`, () => {
      const found = this.#properties(kind, id.toLowerCase());
      return found === undefined
        ? failed(kind === 'Network' ? 0x803b0001 : 0x803b0002)
        : answer(JSON.stringify(found));
    });
  }

  hcnCreateNetwork(_id: string, settings: string, timeoutMs: number): HnsAnswer {
    return this.#call('HcnCreateNetwork', settings, timeoutMs, 'HcnCreateNetwork', () => {
      const { Name, Type, Ipams } = JSON.parse(settings);
      const [subnet] = Ipams[0].Subnets;
      const made = this.#makeNetwork(Name, Type, subnet.IpAddressPrefix, subnet.Routes[0].NextHop);
      return made === undefined
        ? failed(0x803b0010)
        : answer(JSON.stringify(this.#properties('Network', made.id)));
    });
  }

  hcnCreateEndpoint(networkId: string, _id: string, settings: string, timeoutMs: number): HnsAnswer {
    return this.#call('HcnCreateEndpoint', settings, timeoutMs, 'HcnCreateEndpoint', () => {
      const { Name, IpConfigurations, Policies } = JSON.parse(settings);
      const [{ IpAddress, PrefixLength }] = IpConfigurations;
      const made = this.#makeEndpoint(Name, networkId, IpAddress, PrefixLength, Policies ?? []);
      if (typeof made === 'string') return failed(0x803b0001, made);
      return answer(JSON.stringify(this.#properties('Endpoint', made.id)));
    });
  }

  hcnModify(kind: HcnKind, id: string, settings: string, timeoutMs: number): HnsAnswer {
    return this.#call(`HcnModify${kind}`, settings, timeoutMs, `HcnModify${kind}`, () => {
      if (!this.namespaces.has(id)) return failed(0x80070490);
      const { RequestType, Settings } = JSON.parse(settings);
      return this.#attach(Settings.EndpointId, id, RequestType);
    });
  }

  hcnDelete(kind: HcnKind, id: string, timeoutMs: number): HnsAnswer {
    return this.#call(`HcnDelete${kind} ${id}`, '', timeoutMs, `HcnDelete${kind}`, () =>
      this.#remove(kind === 'Network' ? 'networks' : 'endpoints', id) ? answer('') : failed(0x803b0002),
    );
  }

  #call(name: string, request: string, timeoutMs: number, dll: string, work: () => HnsAnswer): HnsAnswer {
    this.before(timeoutMs);
    if (timeoutMs > MAX_TIMEOUT_MS) throw new SysError('EINVAL', 'hns', `timeout ${timeoutMs}`);
    const call = request === '' ? name : `${name} ${request}`;
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault === 'missing') throw new SysError('ENOSYS', 'hns', `${dll} is not in this Windows`);
    if (fault === 'silent' || fault === 'late') {
      if (fault === 'late') work();
      this.elapse(timeoutMs);
      throw new SysError('ETIMEDOUT', 'hns', dll);
    }
    if (fault !== undefined) {
      if ('errorAfter' in fault) work();
      const said = 'errorAfter' in fault ? fault.errorAfter : fault.error;
      const v1 = dll === 'HNSCall';
      return v1 ? answer(JSON.stringify({ Success: false, Error: said })) : failed(0x80004005, said);
    }
    return { ...work(), call: dll };
  }

  #v1(method: string, kind: string, id: string, request: Record<string, never>): unknown {
    if (kind === 'globals') return this.version;
    const list = kind === 'networks' ? 'networks' : 'endpoints';
    const what = kind === 'networks' ? 'Network' : 'Endpoint';
    const notFound = { refused: `The ${what.toLowerCase()} was not found. ` };
    if (method === 'DELETE') return this.#remove(list, id) ? undefined : notFound;
    if (method === 'GET' && id !== '') return this.#propertiesV1(what, id) ?? notFound;
    if (method === 'GET') return this[list].map((item) => this.#propertiesV1(what, item.id));
    if (kind === 'networks') {
      const { Name, Type, Subnets } = Object(request);
      const made = this.#makeNetwork(Name, Type, Subnets[0].AddressPrefix, Subnets[0].GatewayAddress);
      return made === undefined
        ? { refused: 'The object already exists. ' }
        : this.#propertiesV1(what, made.id);
    }
    const { Name, VirtualNetwork, IPAddress, PrefixLength, Policies = [] } = Object(request);
    const made = this.#makeEndpoint(Name, VirtualNetwork, IPAddress, PrefixLength, Policies);
    return typeof made === 'string' ? { refused: made } : this.#propertiesV1(what, made.id);
  }

  #makeNetwork(name: string, type: string, subnet: string, gateway: string): FakeNetwork | undefined {
    if (this.networks.some((network) => network.name === name)) return undefined;
    const network = { id: this.id(), name, type, subnet, gateway };
    this.networks.push(network);
    return network;
  }

  #makeEndpoint(
    name: string,
    networkId: string,
    address: string,
    prefixBits: number,
    policies: readonly unknown[],
  ): FakeEndpoint | string {
    if (!this.networks.some(({ id }) => id === networkId)) return 'The network was not found. ';
    if (this.endpoints.some((other) => other.address === address)) return 'The IP address is in use. ';
    const number = String(this.endpoints.length + 1).padStart(2, '0');
    const endpoint = {
      id: this.id(),
      name,
      networkId,
      address,
      prefixBits,
      policies,
      mac: `00-15-5D-00-00-${number}`,
      attachedTo: new Set<string>(),
    };
    this.endpoints.push(endpoint);
    return endpoint;
  }

  #attach(id: string, target: string, request: string): HnsAnswer {
    const endpoint = this.endpoints.find((item) => item.id === id);
    if (endpoint === undefined) return failed(0x803b0002);
    if (request === 'Remove') return endpoint.attachedTo.delete(target) ? answer('') : failed(0x80070490);
    if (endpoint.attachedTo.has(target)) return failed(0x803b0014);
    endpoint.attachedTo.add(target);
    return answer('');
  }

  #remove(list: 'networks' | 'endpoints', id: string): boolean {
    const index = this[list].findIndex((item) => item.id === id);
    if (index >= 0) this[list].splice(index, 1);
    return index >= 0;
  }

  #matching(kind: HcnKind, filter: Record<string, string>): string[] {
    const fits = (properties: Record<string, string | undefined>) =>
      Object.entries(filter).every(([key, value]) => properties[key]?.toLowerCase() === value.toLowerCase());
    if (kind === 'Namespace') return [...this.namespaces].filter((ID) => fits({ ID }));
    if (kind === 'Network')
      return this.networks.filter(({ id: ID, name: Name }) => fits({ ID, Name })).map(({ id }) => id);
    return this.endpoints
      .filter(({ id: ID, name: Name, networkId: VirtualNetwork }) => fits({ ID, Name, VirtualNetwork }))
      .map(({ id }) => id);
  }

  #properties(kind: HcnKind, id: string): object | undefined {
    if (kind === 'Namespace') return this.namespaces.has(id) ? { ID: id.toUpperCase() } : undefined;
    if (kind === 'Network') {
      const network = this.networks.find((item) => item.id === id);
      return (
        network && {
          ID: id.toUpperCase(),
          Name: network.name,
          Type: network.type,
          Ipams: [{ Type: 'Static', Subnets: [{ IpAddressPrefix: network.subnet }] }],
        }
      );
    }
    const endpoint = this.endpoints.find((item) => item.id === id);
    const network = this.networks.find((item) => item.id === endpoint?.networkId);
    return (
      endpoint && {
        ID: id.toUpperCase(),
        Name: endpoint.name,
        HostComputeNetwork: endpoint.networkId.toUpperCase(),
        HostComputeNamespace: [...endpoint.attachedTo][0] ?? '00000000-0000-0000-0000-000000000000',
        MacAddress: endpoint.mac,
        IpConfigurations: [{ IpAddress: endpoint.address, PrefixLength: endpoint.prefixBits }],
        Routes: [{ NextHop: network?.gateway, DestinationPrefix: '0.0.0.0/0' }],
      }
    );
  }

  #propertiesV1(kind: 'Network' | 'Endpoint', id: string): object | undefined {
    if (kind === 'Network') {
      const network = this.networks.find((item) => item.id === id);
      return (
        network && {
          ID: id.toUpperCase(),
          Name: network.name,
          Type: network.type,
          Subnets: [{ AddressPrefix: network.subnet, GatewayAddress: network.gateway }],
        }
      );
    }
    const endpoint = this.endpoints.find((item) => item.id === id);
    const network = this.networks.find((item) => item.id === endpoint?.networkId);
    return (
      endpoint && {
        ID: id.toUpperCase(),
        Name: endpoint.name,
        VirtualNetwork: endpoint.networkId.toUpperCase(),
        MacAddress: endpoint.mac,
        IPAddress: endpoint.address,
        PrefixLength: endpoint.prefixBits,
        GatewayAddress: network?.gateway,
        SharedContainers: [...endpoint.attachedTo],
      }
    );
  }
}

/** HOST_MAX_TIMEOUT_MS of native/host.h. */
const MAX_TIMEOUT_MS = 600_000;

function answer(text: string): HnsAnswer {
  return { hresult: 0, call: '', text, error: '' };
}

function failed(hresult: number, text = ''): HnsAnswer {
  return { hresult, call: '', text: '', error: text === '' ? '' : JSON.stringify({ Error: text }) };
}
