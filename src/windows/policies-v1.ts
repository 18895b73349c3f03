/** Endpoint policies as HNS of version 1 reads them: flat objects. */
import type { JsonObject } from '../sys/json.ts';
import type { EndpointPolicy } from './policies.ts';

export function policyV1(policy: EndpointPolicy): JsonObject {
  switch (policy.kind) {
    case 'outbound-nat':
      return {
        Type: 'OutBoundNAT',
        ...(policy.virtualIp === undefined ? {} : { VIP: policy.virtualIp }),
        ...(policy.exceptions.length === 0 ? {} : { ExceptionList: policy.exceptions }),
        ...(policy.destinations.length === 0 ? {} : { Destinations: policy.destinations }),
      };
    case 'port': {
      // This version has no place for the address of the host.
      const { containerPort, hostPort, protocol } = policy.mapping;
      return {
        Type: 'NAT',
        InternalPort: containerPort,
        ExternalPort: hostPort,
        Protocol: protocol.toUpperCase(),
      };
    }
    default:
      return policy.value;
  }
}
