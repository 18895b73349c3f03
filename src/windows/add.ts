/**
 * ADD on Windows. What is about to be made is on disk first; then address, network, endpoint and its attachment to
 * the sandbox. A failure at any step undoes in reverse what this call did, and nothing else.
 */
import { parseIpamConfig } from '../cni/ipam-config.ts';
import { formatResult, parseResult } from '../cni/result.ts';
import type { CniRequest, CniResult, PluginContext } from '../cni/types.ts';
import { Leases } from '../ipam/leases.ts';
import { isHere, OWN_IPAM } from '../ipam/through.ts';
import { formatIpv4Net } from '../net/cidr.ts';
import { type Failure, failure } from '../sys/failure.ts';
import { err, ok, type Result } from '../sys/result.ts';
import { readAssignment } from '../vnet/assignment.ts';
import { AddAttempt } from './add-attempt.ts';
import { addShared } from './add-shared.ts';
import { callOf, type WindowsCall } from './call.ts';
import { exclusively, lockOfAttachment } from './exclusive.ts';
import { type Hns, hnsFailure, speaksVersion2 } from './hns.ts';
import { afterReboot } from './reboot.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  readEndpoint,
  readNetwork,
  removeEndpoint,
  UNFINISHED_DIR,
} from './records.ts';
import { endpointName, targetOf } from './sandbox.ts';
import { sweep } from './sweep.ts';
import { takeDown } from './take-down.ts';
import { reinstateLeases } from './unknown.ts';

export function add(context: PluginContext, request: CniRequest): Result<CniResult, Failure> {
  const parsed = callOf(context, request);
  if (!parsed.ok) return parsed;
  const call = parsed.value;
  // What it would refuse is known before anything is changed, so that a refused ADD leaves no trace.
  const wrong = isHere(context, request, call.config.ipamType) && parseIpamConfig(request);
  if (wrong && !wrong.ok) return wrong;
  const hns = hnsFor(call);
  if (!hns.ok) return hns;
  sweep(call);
  afterReboot(call);
  const { sandbox } = call;
  const { containerId, ifname } = request.env;
  const owner = sandbox.kind === 'shared' ? sandbox.infraId : containerId;
  const lock = lockOfAttachment(request.networkName, owner, ifname);
  const done = exclusively(context, lock, call.lockWaitMs, () =>
    sandbox.kind === 'shared'
      ? addShared(call, hns.value, sandbox.infraId)
      : (answerAgain(call, hns.value) ?? addNew(call, hns.value)),
  );
  return done.ok ? done.value : done;
}

/** A namespace is of version 2; that HNS has it is asked once, before there is a network. */
function hnsFor(call: WindowsCall): Result<Hns, Failure> {
  const { context, config, request, sandbox } = call;
  if (sandbox.kind !== 'namespace') return ok(call.hns(1));
  const hns = call.hns(2);
  if (readNetwork(context.sys, context.log, config.name)?.version === 2) return ok(hns);
  const release = hns.release();
  if (!release.ok) return err(hnsFailure('NETWORK_SETUP', 'the version of HNS', release.error));
  if (speaksVersion2(release.value)) return ok(hns);
  const has = `this Windows has HNS ${release.value.major}.${release.value.minor}`;
  const text = `CNI_NETNS ${request.env.netns} is a namespace, which needs HNS 9.2 (Windows Server 2019); ${has}`;
  return err(failure('INVALID_NETNS', text));
}

/**
 * The answer of an earlier ADD for the same attachment when its endpoint still stands. Otherwise what is left of it
 * is removed, and this is an ADD like any other.
 */
function answerAgain(call: WindowsCall, hns: Hns): Result<CniResult, Failure> | undefined {
  const { sys, log } = call.context;
  const { networkName, env, version } = call.request;
  const record = readEndpoint(sys, log, ENDPOINTS_DIR, networkName, env);
  const begun = readEndpoint(sys, log, UNFINISHED_DIR, networkName, env);
  if (record?.result !== undefined) {
    const result = parseResult(record.result, version);
    const standing = result.ok && isStanding(call, hns, record);
    if (result.ok && standing === true) {
      // ADD was interrupted after all was done.
      if (begun !== undefined) removeEndpoint(sys, UNFINISHED_DIR, begun);
      log.note('info', 'repeated ADD: the endpoint stands, its result is answered again');
      return result;
    }
    if (typeof standing === 'object') return err(standing);
  }
  const leftover = record ?? begun ?? leasedWithoutRecord(call, hns);
  if (leftover === undefined) return undefined;
  log.note('warn', 'an earlier call for this attachment left something, which is removed first');
  const failed = takeDown(call, leftover);
  return failed === undefined ? undefined : err(failed);
}

/** An address is leased to this attachment and nothing tells why: its record was lost, and an endpoint may be left. */
function leasedWithoutRecord(call: WindowsCall, hns: Hns): EndpointRecord | undefined {
  const { networkName, env } = call.request;
  if (call.config.ipamType !== OWN_IPAM) return undefined;
  const leased = new Leases(call.sys).addressesOf(env, networkName);
  return leased.length === 0 ? undefined : newRecord(call, hns);
}

/** Is the endpoint there with its address, and attached to this sandbox? A container may have to be attached again. */
function isStanding(call: WindowsCall, hns: Hns, record: EndpointRecord): boolean | Failure {
  const { env } = call.request;
  if (record.sandbox !== env.netns) return false;
  const endpoint = hns.endpointById(record.hnsId);
  if (!endpoint.ok) return hnsFailure('ENDPOINT_SETUP', `endpoint ${record.endpoint}`, endpoint.error);
  const target = targetOf(call.sandbox, env);
  if (endpoint.value === undefined) return false;
  const { addresses, attachedTo } = endpoint.value;
  if (!record.addresses.every((own) => addresses.some(({ address }) => address === own))) return false;
  if (attachedTo.includes(target.toLowerCase())) return true;
  return hns.attach(record.hnsId, target).ok;
}

function addNew(call: WindowsCall, hns: Hns): Result<CniResult, Failure> {
  const { config, context } = call;
  const known = readNetwork(context.sys, context.log, config.name);
  if (known === undefined) reinstateLeases(call, hns);
  const attempt = new AddAttempt(call, hns, newRecord(call, hns), known);
  return attempt.guarded(() => {
    const answer = attempt.ipam.add();
    if (!answer.ok) return attempt.undo(answer.error);
    attempt.hasAddress = true;
    const assignment = readAssignment(answer.value);
    if (!assignment.ok) return attempt.undo(assignment.error);
    context.log.set('address', assignment.value.addresses.map(formatIpv4Net).join(','));
    const done = attempt.connect(assignment.value, answer.value);
    if (!done.ok) return attempt.undo(done.error);
    const document = formatResult(done.value, '1.1.0');
    if (!document.ok) throw new Error(`Internal error: ${document.error}`);
    attempt.finish(document.value);
    return ok(done.value);
  });
}

function newRecord({ config, context, request }: WindowsCall, hns: Hns): EndpointRecord {
  const { env } = request;
  const { podName, podNamespace } = env.args;
  return {
    network: config.name,
    containerId: env.containerId,
    ifname: env.ifname,
    sandbox: env.netns,
    version: hns.version,
    endpoint: endpointName(env),
    hnsId: '',
    addresses: [],
    ipamType: config.ipamType || OWN_IPAM,
    ...(podName === undefined ? {} : { podName }),
    ...(podNamespace === undefined ? {} : { podNamespace }),
    sinceMs: context.sys.realtimeMs(),
  };
}
