/** The end of an ADD that failed: what the call did is undone, and nothing else. */
import type { CniResult } from '../cni/types.ts';
import { type Failure, failure, failureOf } from '../sys/failure.ts';
import { err, type Result, unreachable } from '../sys/result.ts';
import type { Assignment } from './assignment.ts';
import type { CreateOutcome } from './endpoint.ts';
import { ENDPOINTS_DIR, type EndpointRecord, removeEndpoint } from './endpoint-record.ts';
import { deletePair, type EndpointCall, takeBack } from './endpoint-repair.ts';
import type { Ipam } from './ipam.ts';
import { readNetwork } from './network-record.ts';

/** One attempt of an ADD that has taken an address. */
export interface AddAttempt extends EndpointCall {
  readonly ipam: Ipam;
  readonly hostVeth: string;
}

/** No endpoint came of it; `occupied` when a pod that no lease knows has the address. */
export function endWithout(
  attempt: AddAttempt,
  record: EndpointRecord,
  outcome: Exclude<CreateOutcome, { readonly state: 'created' }>,
): Result<CniResult, Failure> | 'occupied' {
  const { sys, log } = attempt.context;
  switch (outcome.state) {
    case 'exists':
      removeEndpoint(sys, ENDPOINTS_DIR, record);
      return undoIpam(attempt, nameTaken(attempt));
    case 'occupied':
      // The elements are those of the other pod: only the pair is ours.
      deletePair(attempt, attempt.hostVeth);
      removeEndpoint(sys, ENDPOINTS_DIR, record);
      undoIpam(attempt, occupied(log.fields.address));
      return 'occupied';
    case 'no-rules':
      return undo(attempt, record, failure('ENDPOINT_SETUP', 'The layer-2 rules vanish as they are made'));
    case 'failed':
      return undo(attempt, record, outcome.failure);
    default:
      return unreachable(outcome);
  }
}

/** A step threw: the file system is full, or a defect. Either way nothing of this call stays. */
export function abandon(attempt: AddAttempt, assignment: Assignment, error: unknown): Result<never, Failure> {
  const { context, request, config, hostVeth } = attempt;
  const reason = failureOf(error);
  const addresses = assignment.addresses.map((net) => net.address);
  const bridge = readNetwork(context.sys, context.log, config.name)?.bridge ?? '';
  takeBack(attempt, { hostVeth, addresses, bridge });
  removeEndpoint(context.sys, ENDPOINTS_DIR, { ...request.env, network: config.name });
  const undone = undoIpam(attempt, reason ?? failure('INTERNAL', ''));
  if (reason === undefined) throw error;
  return undone;
}

/** Gives the address back. */
export function undoIpam({ context, ipam }: AddAttempt, reason: Failure): Result<never, Failure> {
  const released = ipam.del();
  if (!released.ok) context.log.note('error', `undoing the address failed: ${released.error.message}`);
  return err(reason);
}

/** The last attempt found the address occupied. */
export function occupied(address = ''): Failure {
  return failure(
    'ENDPOINT_SETUP',
    `Failed to create endpoint: another pod, which has no lease, has ${address}; run azure-vnet gc`,
  );
}

function undo(attempt: AddAttempt, record: EndpointRecord, reason: Failure): Result<never, Failure> {
  takeBack(attempt, record);
  removeEndpoint(attempt.context.sys, ENDPOINTS_DIR, record);
  return undoIpam(attempt, reason);
}

function nameTaken({ request }: AddAttempt): Failure {
  const { ifname, netns } = request.env;
  return failure(
    'ENDPOINT_SETUP',
    `Failed to create endpoint: interface ${ifname} already exists in ${netns}; remove it or ask for another name`,
  );
}
