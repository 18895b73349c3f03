/** STATUS on Windows: can ADD be served? 50 with the reason when not, 51 when running pods may be affected too. */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, type Result } from '../sys/result.ts';
import { SysError } from '../sys/sys.ts';
import { findAdapter } from './adapters.ts';
import { callOf, type WindowsCall } from './call.ts';
import { hnsFailure } from './hns.ts';
import { ENDPOINTS_DIR, listEndpoints, type NetworkRecord, readNetwork } from './records.ts';

export function status(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const parsed = callOf(context, request);
  if (!parsed.ok) return parsed;
  const call = parsed.value;
  let network: NetworkRecord | undefined;
  try {
    network = readNetwork(context.sys, context.log, request.networkName);
    listEndpoints(context.sys, context.log, ENDPOINTS_DIR);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return err(failure('NOT_AVAILABLE', `STATUS: the state cannot be read: ${error.message}`));
  }
  const problem = hnsProblem(call, network) ?? adapterProblem(call, network);
  if (problem !== undefined) return err(problem);
  const ipam = call.ipam(network).status();
  if (ipam.ok || ipam.error.cniCode !== undefined) return ipam;
  const known = ipam.error.code === 'NOT_AVAILABLE' || ipam.error.code === 'LIMITED_CONNECTIVITY';
  return err(known ? ipam.error : failure('NOT_AVAILABLE', `STATUS: ${ipam.error.message}`));
}

function hnsProblem(call: WindowsCall, network: NetworkRecord | undefined): Failure | undefined {
  const hns = call.hns(network?.version ?? 1);
  const release = hns.release();
  if (!release.ok) {
    const { message } = hnsFailure('NOT_AVAILABLE', 'STATUS: HNS', release.error);
    return failure('NOT_AVAILABLE', message);
  }
  if (network === undefined) return undefined;
  const found = hns.networkById(network.hnsId);
  if (!found.ok) {
    const { message } = hnsFailure('NOT_AVAILABLE', `STATUS: network ${network.name}`, found.error);
    return failure('NOT_AVAILABLE', message);
  }
  if (found.value !== undefined) return undefined;
  const text = `STATUS: network ${network.name} is gone from HNS, and with it the network of its containers`;
  return failure('LIMITED_CONNECTIVITY', `${text}; the next ADD makes it again`);
}

function adapterProblem(
  { sys, config }: WindowsCall,
  network: NetworkRecord | undefined,
): Failure | undefined {
  if (network === undefined) return undefined;
  const found = findAdapter(sys.adapters(), network.subnet, config.master);
  return found.ok ? undefined : failure('LIMITED_CONNECTIVITY', `STATUS: ${found.error.message}`);
}
