/** Networks and endpoints as HNS tells them, in either version. What is malformed reads as absent. */
import { isObject, lookup } from '../cni/json.ts';
import { type Ipv4Net, parseIpv4Net } from '../net/cidr.ts';
import { type Ipv4, parseIpv4 } from '../net/ipv4.ts';
import { parseMac } from '../net/mac.ts';
import type { JsonObject, JsonValue } from '../sys/json.ts';
import type { HnsEndpoint, HnsNetwork } from './hns.ts';

export function readNetworkAnswer(value: JsonValue | undefined): HnsNetwork | undefined {
  if (!isObject(value)) return undefined;
  const id = text(value, 'ID');
  if (id === '') return undefined;
  const flat = list(value, 'Subnets').map((subnet) => text(subnet, 'AddressPrefix'));
  const nested = list(value, 'Ipams').flatMap((ipam) =>
    list(ipam, 'Subnets').map((subnet) => text(subnet, 'IpAddressPrefix')),
  );
  return {
    id: id.toLowerCase(),
    name: text(value, 'Name'),
    type: text(value, 'Type'),
    subnets: [...flat, ...nested].filter((prefix) => prefix !== ''),
  };
}

export function readEndpointAnswer(value: JsonValue | undefined): HnsEndpoint | undefined {
  if (!isObject(value)) return undefined;
  const id = text(value, 'ID');
  if (id === '') return undefined;
  const mac = parseMac(text(value, 'MacAddress'));
  const gateway = gatewayOf(value);
  return {
    id: id.toLowerCase(),
    name: text(value, 'Name'),
    networkId: (text(value, 'VirtualNetwork') || text(value, 'HostComputeNetwork')).toLowerCase(),
    ...(mac === undefined ? {} : { mac }),
    ...(gateway === undefined ? {} : { gateway }),
    addresses: addressesOf(value),
    attachedTo: attachedTo(value),
  };
}

function addressesOf(value: JsonObject): Ipv4Net[] {
  const nets = list(value, 'IpConfigurations').map((item) => net(text(item, 'IpAddress'), item.PrefixLength));
  return [net(text(value, 'IPAddress'), value.PrefixLength), ...nets].filter((found) => found !== undefined);
}

function net(address: string, prefixBits: JsonValue | undefined): Ipv4Net | undefined {
  return typeof prefixBits === 'number' ? parseIpv4Net(`${address}/${prefixBits}`) : undefined;
}

function gatewayOf(value: JsonObject): Ipv4 | undefined {
  const [route] = list(value, 'Routes');
  return parseIpv4(text(value, 'GatewayAddress') || (route === undefined ? '' : text(route, 'NextHop')));
}

function attachedTo(value: JsonObject): string[] {
  const containers = value.SharedContainers;
  const shared = Array.isArray(containers) ? containers.filter((item) => typeof item === 'string') : [];
  return [text(value, 'HostComputeNamespace'), ...shared]
    .map((target) => target.toLowerCase())
    .filter((target) => target !== '' && target !== NO_NAMESPACE);
}

function text(object: JsonObject, key: string): string {
  const value = lookup(object, key);
  return typeof value === 'string' ? value : '';
}

function list(object: JsonObject, key: string): JsonObject[] {
  const value = lookup(object, key);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

const NO_NAMESPACE = '00000000-0000-0000-0000-000000000000';
