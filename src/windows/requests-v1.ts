/** Requests of HNS version 1: flat objects, lists joined by commas, empty keys left out. */
import { formatCidr } from '../net/cidr.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import type { JsonObject } from '../sys/json.ts';
import { filled } from './filled.ts';
import type { EndpointPlan, NetworkPlan } from './hns.ts';
import { policyV1 } from './policies-v1.ts';

/** POST /networks/ */
export function networkRequestV1({
  name,
  mode,
  adapter,
  subnet,
  gateway,
  dns,
  policies,
}: NetworkPlan): JsonObject {
  return filled({
    Name: name,
    Type: mode,
    NetworkAdapterName: adapter,
    DNSServerList: dns.servers.join(','),
    Policies: policies,
    Subnets: [{ AddressPrefix: formatCidr(subnet), GatewayAddress: formatIpv4(gateway) }],
  });
}

/** POST /endpoints/ */
export function endpointRequestV1({ name, networkId, addresses, dns, policies }: EndpointPlan): JsonObject {
  const [first] = addresses;
  return filled({
    Name: name,
    VirtualNetwork: networkId,
    DNSSuffix: dns.search.join(','),
    DNSServerList: dns.servers.join(','),
    Policies: policies.map(policyV1),
    IPAddress: first && formatIpv4(first.address),
    PrefixLength: first?.prefixBits,
  });
}

/** To the container, through HCS: HotAttachEndpoint and HotDetachEndpoint of hcsshim. */
export function attachRequestV1(endpointId: string, request: 'Add' | 'Remove'): JsonObject {
  return { ResourceType: 'Network', Settings: endpointId, RequestType: request };
}
