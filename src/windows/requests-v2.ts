/** Requests of HNS version 2 (HCN): keys in the order of its schema 2.0, empty ones left out. */
import { formatCidr } from '../net/cidr.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { JsonObject } from '../sys/json.ts';
import { filled } from './filled.ts';
import type { EndpointPlan, NetworkPlan } from './hns.ts';

const SCHEMA_VERSION = { Major: 2, Minor: 0 } as const;

export function networkRequestV2({
  name,
  mode,
  adapter,
  subnet,
  gateway,
  dns,
  policies,
}: NetworkPlan): JsonObject {
  const adapterPolicy = { Type: 'NetAdapterName', Settings: { NetworkAdapterName: adapter } };
  const routes = [{ NextHop: formatIpv4(gateway), DestinationPrefix: '0.0.0.0/0' }];
  return filled({
    Name: name,
    Type: mode === 'l2bridge' ? 'L2Bridge' : 'L2Tunnel',
    Policies: [...(adapter === '' ? [] : [adapterPolicy]), ...policies],
    Dns: filled({ Domain: dns.domain, ServerList: dns.servers }),
    Ipams: [{ Type: 'Static', Subnets: [{ IpAddressPrefix: formatCidr(subnet), Routes: routes }] }],
    SchemaVersion: SCHEMA_VERSION,
  });
}

/** `policies` are those of the plan, as version 2 writes them. */
export function endpointRequestV2(plan: EndpointPlan, policies: readonly JsonObject[]): JsonObject {
  const { name, networkId, addresses, routes, dns } = plan;
  return filled({
    Name: name,
    HostComputeNetwork: networkId,
    Dns: filled({ Search: dns.search, ServerList: dns.servers, Options: dns.options }),
    Policies: policies,
    Routes: routes.map(({ dst, gateway }) =>
      filled({
        NextHop: gateway === undefined ? '' : formatIpv4(gateway),
        DestinationPrefix: formatCidr(dst),
      }),
    ),
    IpConfigurations: addresses.map(({ address, prefixBits }) => ({
      IpAddress: formatIpv4(address),
      PrefixLength: prefixBits,
    })),
    SchemaVersion: SCHEMA_VERSION,
  });
}

/** Modifies a namespace. */
export function attachRequestV2(endpointId: string, request: 'Add' | 'Remove'): JsonObject {
  return { ResourceType: 'Endpoint', RequestType: request, Settings: { EndpointId: endpointId } };
}

/** A query for the objects whose keys have these values; the filter is JSON in JSON. */
export function queryV2(filter?: JsonObject): JsonObject {
  return filled({
    SchemaVersion: SCHEMA_VERSION,
    Filter: filter === undefined ? '' : JSON.stringify(filter),
  });
}
