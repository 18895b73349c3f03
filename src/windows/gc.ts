/**
 * GC on Windows: removes everything of this network that belongs to no valid attachment: endpoints with a record and
 * without, what was interrupted, addresses. Keeps going on errors and reports them together.
 */
import type { Attachment, CniRequest, PluginContext } from '../cni/types.ts';
import { OWN_IPAM } from '../ipam/through.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { callOf, type WindowsCall } from './call.ts';
import { exclusively } from './exclusive.ts';
import { hnsFailure } from './hns.ts';
import { afterReboot } from './reboot.ts';
import { ENDPOINTS_DIR, listEndpoints, readEndpoint, readNetwork, UNFINISHED_DIR } from './records.ts';
import { endpointName } from './sandbox.ts';
import { lockOf } from './sweep.ts';
import { takeDown } from './take-down.ts';
import { unknownOwner, unrecorded } from './unknown.ts';

export function gc(context: PluginContext, request: CniRequest): Result<void, Failure> {
  const parsed = callOf(context, request);
  if (!parsed.ok) return parsed;
  const call = parsed.value;
  afterReboot(call);
  const failures = removeRecorded(call);
  const kept = removeUnrecorded(call, failures);
  const network = readNetwork(context.sys, context.log, call.config.name);
  const valid = [...request.validAttachments, ...kept.map(unknownOwner)];
  const type = call.config.ipamType || OWN_IPAM;
  const swept = call.ipam(network, type, { ...request, validAttachments: valid }).gc();
  if (!swept.ok) failures.push(swept.error);
  if (failures.length === 0) return ok(undefined);
  const list = failures.map(({ message }) => message).join('; ');
  return err(failure('GC_INCOMPLETE', `GC could not remove everything, ${failures.length} failed: ${list}`));
}

/** What another process is at is let be. */
function removeRecorded(call: WindowsCall): Failure[] {
  const { sys, log } = call.context;
  const { networkName, validAttachments } = call.request;
  const isValid = ({ containerId, ifname }: Attachment) =>
    validAttachments.some((valid) => valid.containerId === containerId && valid.ifname === ifname);
  const failures: Failure[] = [];
  for (const directory of [UNFINISHED_DIR, ENDPOINTS_DIR] as const) {
    for (const record of listEndpoints(sys, log, directory)) {
      if (record.network !== networkName) continue;
      const owner = { containerId: record.infraId ?? record.containerId, ifname: record.ifname };
      if (directory === ENDPOINTS_DIR && (isValid(record) || isValid(owner))) continue;
      exclusively(call.context, lockOf(record), 0, () => {
        const still = readEndpoint(sys, log, directory, record.network, record);
        if (still === undefined) return;
        log.note('info', `removing ${still.containerId} ${still.ifname}, which is not valid any more`);
        const failed = takeDown(call, still);
        if (failed !== undefined) failures.push(failed);
      });
    }
  }
  return failures;
}

/** Ids of the endpoints without a record that stay, because a valid attachment has their name. */
function removeUnrecorded(call: WindowsCall, failures: Failure[]): string[] {
  const { context, request, config } = call;
  const network = readNetwork(context.sys, context.log, config.name);
  if (network === undefined) return [];
  const hns = call.hns(network.version);
  const endpoints = unrecorded(call, hns, network.hnsId);
  if (!endpoints.ok) {
    failures.push(hnsFailure('GC_INCOMPLETE', 'the endpoints in HNS', endpoints.error));
    return [];
  }
  const validNames = new Set(request.validAttachments.map(endpointName));
  const kept: string[] = [];
  for (const { id, name } of endpoints.value) {
    if (validNames.has(name)) {
      kept.push(id);
      continue;
    }
    context.log.note('info', `removing endpoint ${name} (${id}), which belongs to nothing`);
    const deleted = hns.deleteEndpoint(id);
    if (deleted.ok) continue;
    kept.push(id);
    failures.push(hnsFailure('GC_INCOMPLETE', `endpoint ${name}`, deleted.error));
  }
  return kept;
}
