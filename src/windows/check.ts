/** CHECK on Windows: result, record, HNS and lease say the same. Changes nothing; names the first difference. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { formatIpv4 } from '../net/ipv4.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, type Result } from '../sys/result.ts';
import { callOf, type WindowsCall } from './call.ts';
import { hnsFailure } from './hns.ts';
import { ENDPOINTS_DIR, type EndpointRecord, readEndpoint, readNetwork } from './records.ts';
import { targetOf } from './sandbox.ts';

const RESTORE = 'delete the pod, or run DEL and ADD again';

export function check(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const parsed = callOf(context, request);
  if (!parsed.ok) return parsed;
  const call = parsed.value;
  const { sys, log } = context;
  const { networkName, env } = request;
  const record = readEndpoint(sys, log, ENDPOINTS_DIR, networkName, env);
  if (record === undefined) {
    return err(differs(`no record of ${env.containerId} ${env.ifname} in network ${networkName}`));
  }
  const network = readNetwork(sys, log, networkName);
  const problem =
    checkResult(call, record) ?? checkNetwork(call, network, record) ?? checkEndpoint(call, record);
  if (problem !== undefined) return err(problem);
  if (record.infraId === undefined) return call.ipam(network, record.ipamType).check();
  // The lease is the infra container's.
  const owner = { ...request, env: { ...env, containerId: record.infraId } };
  return call.ipam(network, undefined, owner).check();
}

function checkResult({ request }: WindowsCall, { addresses }: EndpointRecord): Failure | undefined {
  const { prevResult, env } = request;
  if (prevResult === undefined) {
    return failure('INVALID_CONFIG', 'CHECK needs prevResult, the result of ADD; the runtime passes it');
  }
  const index = prevResult.interfaces.findIndex(
    ({ name, sandbox }) => name === env.ifname && sandbox !== undefined,
  );
  const told = prevResult.interfaces[index];
  if (told === undefined) return differs(`prevResult has no interface ${env.ifname} with a sandbox`);
  if (told.sandbox !== env.netns) {
    return differs(`prevResult says sandbox ${told.sandbox}, CNI_NETNS says ${env.netns}`);
  }
  const own = prevResult.ips.filter((ip) => ip.interface === undefined || ip.interface === index);
  for (const { address } of own) {
    if (address.family === 4 && !addresses.includes(address.address)) {
      return differs(
        `prevResult says ${formatIpv4(address.address)}, the record ${addresses.map(formatIpv4).join(', ')}`,
      );
    }
  }
  return undefined;
}

function checkNetwork(
  call: WindowsCall,
  network: ReturnType<typeof readNetwork>,
  { version }: EndpointRecord,
): Failure | undefined {
  const { name } = call.config;
  if (network === undefined) return differs(`no record of network ${name}`, 'the next ADD makes it');
  const found = call.hns(version).networkById(network.hnsId);
  if (!found.ok) return hnsFailure('CHECK_FAILED', `CHECK: network ${name}`, found.error);
  return found.value === undefined
    ? differs(`network ${name} (${network.hnsId}) is gone from HNS`)
    : undefined;
}

function checkEndpoint(call: WindowsCall, record: EndpointRecord): Failure | undefined {
  const { env, prevResult } = call.request;
  const found = call.hns(record.version).endpointById(record.hnsId);
  const what = `endpoint ${record.endpoint} (${record.hnsId})`;
  if (!found.ok) return hnsFailure('CHECK_FAILED', `CHECK: ${what}`, found.error);
  if (found.value === undefined) return differs(`${what} is gone from HNS`);
  const { addresses, attachedTo, mac } = found.value;
  for (const own of record.addresses) {
    if (!addresses.some(({ address }) => address === own))
      return differs(`${what} has no address ${formatIpv4(own)}`);
  }
  const target = targetOf(call.sandbox, env);
  if (!attachedTo.includes(target.toLowerCase())) return differs(`${what} is not attached to ${target}`);
  const told = prevResult?.interfaces.find(({ name }) => name === env.ifname)?.mac;
  if (told !== undefined && mac !== undefined && told.toLowerCase() !== mac) {
    return differs(`${what} has MAC ${mac}, the result says ${told}`);
  }
  return undefined;
}

function differs(what: string, repair = RESTORE): Failure {
  return failure('CHECK_FAILED', `CHECK found a difference: ${what}; ${repair}`);
}
