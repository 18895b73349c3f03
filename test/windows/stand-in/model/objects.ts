/** Networks and endpoints: made of the documents of both schemas, and told in both. */

import { isObject } from '../../../../src/cni/json.ts';
import { cidrContains, networkOf, parseIpv4Net } from '../../../../src/net/cidr.ts';
import { parseIpv4 } from '../../../../src/net/ipv4.ts';
import type { JsonObject, JsonValue } from '../../../../src/sys/json.ts';
import type { Refusal } from './refusals.ts';
import type { ModelEndpoint, ModelNetwork, ModelState } from './state.ts';

export const NO_ID = '00000000-0000-0000-0000-000000000000';
const SCHEMA = { Major: 2, Minor: 0 };
const TYPES = ['l2bridge', 'l2tunnel'];

export function networkFrom(id: string, settings: JsonObject, state: ModelState): ModelNetwork | Refusal {
  const ofPolicy = list(settings.Policies).find((policy) => policy.Type === 'NetAdapterName')?.Settings;
  const adapter = text(isObject(ofPolicy) ? ofPolicy.NetworkAdapterName : settings.NetworkAdapterName);
  const subnets = [
    ...list(settings.Subnets).map((one) => ({
      prefix: text(one.AddressPrefix),
      gateway: text(one.GatewayAddress),
    })),
    ...list(settings.Ipams).flatMap((ipam) =>
      list(ipam.Subnets).map((one) => ({
        prefix: text(one.IpAddressPrefix),
        gateway: text(list(one.Routes)[0]?.NextHop),
      })),
    ),
  ];
  const network = {
    id,
    name: text(settings.Name),
    type: text(settings.Type).toLowerCase(),
    adapter,
    subnets,
    settings,
  };
  if (network.name === '' || subnets.length === 0) return 'json';
  if (!TYPES.includes(network.type)) return 'networkType';
  if (adapter !== '' && !state.adapters.includes(adapter)) return 'adapterNotFound';
  if (subnets.some(({ prefix }) => parseIpv4Net(prefix) === undefined)) return 'address';
  return state.networks.some(({ name }) => name === network.name) ? 'networkExists' : network;
}

export function endpointFrom(
  id: string,
  settings: JsonObject,
  network: ModelNetwork,
  state: ModelState,
): ModelEndpoint | Refusal {
  const [config] = list(settings.IpConfigurations);
  const address = text(config?.IpAddress ?? settings.IPAddress);
  const prefixBits = Number(config?.PrefixLength ?? settings.PrefixLength);
  const parsed = parseIpv4(address);
  const isInside = network.subnets.some(({ prefix }) => {
    const net = parseIpv4Net(prefix);
    return parsed !== undefined && net !== undefined && cidrContains(networkOf(net), parsed);
  });
  if (!isInside || !Number.isInteger(prefixBits)) return 'address';
  if (state.endpoints.some((one) => one.networkId === network.id && one.address === address))
    return 'addressTaken';
  const number = (state.serial + 1).toString(16).padStart(6, '0').toUpperCase();
  const mac = text(settings.MacAddress) || `00-15-5D-${number.match(/../g)?.join('-')}`;
  const common = { id, name: text(settings.Name), networkId: network.id, mac, address, prefixBits, settings };
  return { ...common, namespace: '', containers: [] };
}

/** Schema of version 1. */
export function networkV1({ id, name, type, adapter, subnets, settings }: ModelNetwork): JsonObject {
  return {
    ID: id.toUpperCase(),
    Name: name,
    Type: type,
    NetworkAdapterName: adapter,
    DNSServerList: settings.DNSServerList,
    Policies: settings.Policies ?? [],
    Subnets: subnets.map(({ prefix, gateway }) => ({ AddressPrefix: prefix, GatewayAddress: gateway })),
  };
}

/** Schema of version 2. */
export function networkV2({ id, name, type, subnets, settings }: ModelNetwork): JsonObject {
  return {
    ID: id.toUpperCase(),
    Name: name,
    Type: type === 'l2bridge' ? 'L2Bridge' : 'L2Tunnel',
    Policies: settings.Policies ?? [],
    Dns: settings.Dns ?? {},
    Ipams: [
      {
        Type: 'Static',
        Subnets: subnets.map(({ prefix, gateway }) => ({
          IpAddressPrefix: prefix,
          Routes: [{ NextHop: gateway, DestinationPrefix: '0.0.0.0/0' }],
        })),
      },
    ],
    SchemaVersion: SCHEMA,
  };
}

export function endpointV1(endpoint: ModelEndpoint, state: ModelState): JsonObject {
  const network = state.networks.find(({ id }) => id === endpoint.networkId);
  return {
    ID: endpoint.id.toUpperCase(),
    Name: endpoint.name,
    VirtualNetwork: endpoint.networkId.toUpperCase(),
    VirtualNetworkName: network?.name ?? '',
    MacAddress: endpoint.mac,
    IPAddress: endpoint.address,
    PrefixLength: endpoint.prefixBits,
    GatewayAddress: network?.subnets[0]?.gateway ?? '',
    Policies: endpoint.settings.Policies ?? [],
    SharedContainers: endpoint.containers,
  };
}

export function endpointV2(endpoint: ModelEndpoint): JsonObject {
  return {
    ID: endpoint.id.toUpperCase(),
    Name: endpoint.name,
    HostComputeNetwork: endpoint.networkId.toUpperCase(),
    HostComputeNamespace: endpoint.namespace === '' ? NO_ID : endpoint.namespace,
    MacAddress: endpoint.mac,
    Policies: endpoint.settings.Policies ?? [],
    Dns: endpoint.settings.Dns ?? {},
    Routes: endpoint.settings.Routes ?? [],
    IpConfigurations: [{ IpAddress: endpoint.address, PrefixLength: endpoint.prefixBits }],
    SchemaVersion: SCHEMA,
  };
}

export function namespaceV2(id: string, state: ModelState): JsonObject {
  const inside = state.endpoints.filter(({ namespace }) => namespace === id);
  return {
    ID: id,
    Type: 'HostDefault',
    Resources: inside.map((endpoint) => ({ Type: 'Endpoint', Data: { Id: endpoint.id } })),
    SchemaVersion: SCHEMA,
  };
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function list(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
