/**
 * DEL on Windows. Needs neither the sandbox nor the network's record; frees exactly what belongs to this attachment;
 * succeeds when it is gone already.
 */
import type { CniRequest, PluginContext } from '../cni/types.ts';
import { OWN_IPAM } from '../ipam/through.ts';
import type { Failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { callOf, type WindowsCall } from './call.ts';
import { exclusively, lockOfAttachment } from './exclusive.ts';
import { type HnsVersion, hnsFailure, tryAgain } from './hns.ts';
import { ENDPOINTS_DIR, type EndpointRecord, readEndpoint, readNetwork, UNFINISHED_DIR } from './records.ts';
import { endpointName } from './sandbox.ts';
import { sweep } from './sweep.ts';
import { releaseUnknown, takeDown, unclaimed } from './take-down.ts';

export function del(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const parsed = callOf(context, request);
  if (!parsed.ok) return parsed;
  const call = parsed.value;
  sweep(call);
  const { networkName, env } = request;
  const infraId = call.sandbox.kind === 'shared' ? call.sandbox.infraId : recordOf(call)?.infraId;
  const lock = lockOfAttachment(networkName, infraId ?? env.containerId, env.ifname);
  const done = exclusively(context, lock, call.lockWaitMs, () => {
    const record = recordOf(call);
    if (record === undefined) return withoutRecord(call);
    const failed = takeDown(call, record);
    return failed === undefined ? ok(undefined) : err(failed);
  });
  return done.ok ? done.value : done;
}

function recordOf({ context, request }: WindowsCall): EndpointRecord | undefined {
  const read = (directory: typeof ENDPOINTS_DIR | typeof UNFINISHED_DIR) =>
    readEndpoint(context.sys, context.log, directory, request.networkName, request.env);
  return read(ENDPOINTS_DIR) ?? read(UNFINISHED_DIR);
}

/** What HNS may have by the name, and what may be leased. None is there either after an earlier DEL. */
function withoutRecord(call: WindowsCall): Result<void, Failure> {
  const { context, request, sandbox, config } = call;
  // It shared an endpoint, which is its infra container's.
  if (sandbox.kind === 'shared') return ok(undefined);
  const { env, networkName } = request;
  const version = versionOf(call);
  const found = unclaimed(call, {
    ...env,
    network: networkName,
    endpoint: endpointName(env),
    version,
    sandbox: env.netns,
  });
  if (!found.ok && found.error.kind === 'missing') context.log.note('info', found.error.message);
  else if (!found.ok)
    return err(tryAgain(hnsFailure('ENDPOINT_SETUP', 'failed to delete endpoint', found.error)));
  for (const { id, name } of found.ok ? found.value : []) {
    context.log.note('warn', `endpoint ${name} (${id}) has no record; it is deleted by its name`);
    const deleted = call.hns(version).deleteEndpoint(id);
    if (!deleted.ok) {
      return err(tryAgain(hnsFailure('ENDPOINT_SETUP', `failed to delete endpoint: ${name}`, deleted.error)));
    }
    if ((config.ipamType || OWN_IPAM) === OWN_IPAM) releaseUnknown(call, networkName, id);
  }
  return call.ipam().del();
}

function versionOf({ context, config, sandbox }: WindowsCall): HnsVersion {
  if (sandbox.kind === 'namespace') return 2;
  return readNetwork(context.sys, context.log, config.name)?.version ?? 1;
}
