/** azure-vnet docker repair: what docker has done since is followed. */
import { err, ok, type Result } from '../../sys/result.ts';
import { type Call, cniPath, DRY_RUN_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { attach, detach } from './attach.ts';
import { Docker } from './client.ts';
import { collectAll, collectSome } from './collect.ts';
import { openForwarding } from './forwarding.ts';
import { withContainerLock } from './locks.ts';
import { readNetwork } from './plugins.ts';
import { removeDockerRecord } from './records.ts';
import { type DockerFacts, labelOf, needsRepair, standingOf } from './standing.ts';

export function repair(call: Call): number {
  const { sys, out, given, log } = call;
  const docker = Docker.find(sys);
  const references = given.words ?? [];
  const collected = !docker.ok
    ? docker
    : references.length === 0
      ? collectAll(sys, docker.value)
      : collectSome(sys, docker.value, references);
  if (!docker.ok || !collected.ok) return fail(call, docker.ok ? collected : docker);
  const due = collected.value.filter(isOurs).filter((facts) => needsRepair(standingOf(facts)));
  const stranger = collected.value.find((facts) => !isOurs(facts));
  if (stranger !== undefined)
    return fail(call, err(`${labelOf(stranger)} has no label azure-vnet.namespace`));
  // What is given back first: others may want it.
  const inOrder = [...due].sort((a, b) => orderOf(a) - orderOf(b));
  const isDry = given.switches.has(DRY_RUN_FLAG.name);
  const errors: string[] = [];
  for (const facts of inOrder) {
    const done = isDry ? ok(planned(facts)) : settle(call, docker.value, facts);
    if (done.ok) out.print(`${done.value}\n`);
    else errors.push(`${labelOf(facts)}: ${done.error}`);
  }
  if (!isDry && due.some((facts) => standingOf(facts).state === 'detached')) openForwarding(call);
  if (due.length === 0 && references.length === 0) out.print('Nothing to do.\n');
  if (errors.length === 0) return STATUS_OK;
  log.set('error', errors.join('; '));
  out.complain(errors.map((text) => `azure-vnet: ${text}\n`).join(''));
  return STATUS_PROBLEMS;
}

function isOurs({ container, record }: DockerFacts): boolean {
  return record !== undefined || container?.namespace !== undefined;
}

function orderOf(facts: DockerFacts): number {
  return ['gone', 'holding'].includes(standingOf(facts).state) ? 0 : 1;
}

function planned(facts: DockerFacts): string {
  const standing = standingOf(facts);
  const verb = { gone: 'forget', holding: 'release', detached: 'attach' } as const;
  const label = labelOf(facts);
  if (standing.state === 'attached' || standing.state === 'stopped') return `would leave ${label}`;
  if (standing.state === 'refused') return `cannot attach ${label}: ${standing.why}`;
  return `would ${verb[standing.state]} ${label}: ${standing.why}`;
}

/** Looks again, alone with the container, and does what is due then; returns one line about it. */
function settle(call: Call, docker: Docker, facts: DockerFacts): Result<string, string> {
  const { sys } = call;
  const id = facts.container?.id ?? facts.record?.containerId ?? '';
  return withContainerLock(sys, id, () => {
    const again = collectSome(sys, docker, [id]);
    if (!again.ok) return again;
    const now = again.value.find(({ container, record }) => (container?.id ?? record?.containerId) === id);
    return now === undefined ? ok(`${labelOf(facts)} is gone`) : act(call, now);
  });
}

function act(call: Call, facts: DockerFacts): Result<string, string> {
  const { sys } = call;
  const { container, record } = facts;
  const label = labelOf(facts);
  const standing = standingOf(facts);
  if (standing.state === 'attached' || standing.state === 'stopped') return ok(`${label} is as it should be`);
  if (standing.state === 'refused') return err(standing.why);
  const left = record === undefined || record.netns === '' ? [] : detach(sys, record, cniPath(call));
  if (left.length > 0) return err(left.join('; '));
  const had = record?.addresses.join(', ') ?? '';
  if (standing.state === 'holding')
    return ok(`released ${had || 'the network'} of ${label}: ${standing.why}`);
  if (standing.state === 'gone' || container === undefined) {
    if (record !== undefined) removeDockerRecord(sys, record.containerId);
    return ok(`forgot ${label}${had === '' ? '' : ` with ${had}`}: the container was removed`);
  }
  const network = readNetwork(call);
  if (!network.ok) return network;
  const attached = attach(call, network.value, container, record);
  if (!attached.ok) return attached;
  const has = attached.value.addresses.join(', ');
  return ok(
    `attached ${label} with ${has}${had === '' || had === has ? '' : `, it had ${had}`}: ${standing.why}`,
  );
}

function fail({ out, log }: Call, result: Result<unknown, string>): number {
  const error = result.ok ? 'Internal error: no error' : result.error;
  log.set('error', error);
  out.complain(`azure-vnet: ${error}\n`);
  return STATUS_PROBLEMS;
}
