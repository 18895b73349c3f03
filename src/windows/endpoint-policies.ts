/** The policies of one endpoint: the configuration's, port mappings, loopback, and the SNAT of the platform. */
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import type { Assignment } from '../vnet/assignment.ts';
import type { WindowsCall } from './call.ts';
import { type Hns, hnsFailure, knowsDsr } from './hns.ts';
import { automaticSnat, type EndpointPolicy, hasSnat, loopbackDsr } from './policies.ts';

export function endpointPolicies(
  { config, context }: WindowsCall,
  hns: Hns,
  { addresses, subnet }: Assignment,
): Result<readonly EndpointPolicy[], Failure> {
  const { endpointPolicies: configured, portMappings } = config;
  const snat = hasSnat(configured) ? [] : [automaticSnat(subnet)];
  const ports = portMappings.map((mapping): EndpointPolicy => ({ kind: 'port', mapping }));
  if (hns.version === 1 && portMappings.some(({ hostIp }) => hostIp !== undefined)) {
    context.log.note('warn', 'HNS version 1 maps ports of every address of the host; hostIP has no effect');
  }
  const policies = [...snat, ...configured, ...ports];
  const [first] = addresses;
  if (!config.enableLoopbackDsr || first === undefined) return ok(policies);
  if (hns.version === 2) {
    const release = hns.release();
    if (!release.ok) return err(hnsFailure('ENDPOINT_SETUP', 'the version of HNS', release.error));
    if (!knowsDsr(release.value)) {
      const { major, minor } = release.value;
      const text = `windowsSettings.enableLoopbackDSR needs HNS 9.3 or 10.2; this Windows has ${major}.${minor}`;
      return err(failure('UNSUPPORTED_FIELD', text));
    }
  }
  return ok([...policies, loopbackDsr(first.address)]);
}
