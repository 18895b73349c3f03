/** azure-vnet repair: brings the networks back to what the records say, by the code of ADD. */
import type { PluginContext } from '../../cni/types.ts';
import { failureOf } from '../../sys/failure.ts';
import { completePending } from '../../vnet/complete-del.ts';
import { Sockets } from '../../vnet/host-links.ts';
import { OWN_IPAM } from '../../vnet/ipam.ts';
import { ensureNetwork, finishMoves } from '../../vnet/network.ts';
import { reinstateLeases } from '../../vnet/reinstate.ts';
import {
  type Call,
  CNI_PATH_FLAG,
  CONFLIST_FLAG,
  type Command,
  cniPath,
  conflistDirectory,
  DRY_RUN_FLAG,
  JSON_FLAG,
  STATUS_OK,
  STATUS_PROBLEMS,
} from '../command.ts';
import { configuredNetworks, readConflists } from '../conflists.ts';
import { collectNode } from '../node/collect.ts';
import type { NodeFacts } from '../node/facts.ts';
import { DEL_LIMIT_MS, isOverdue } from '../node/limits.ts';
import { isSerious, type Problem } from '../node/problem.ts';
import { nodeProblems } from '../node/problems.ts';
import { Requests } from '../requests.ts';
import { type Repairable, repairableNetworks } from './networks.ts';
import { type RepairReport, renderRepair } from './render.ts';

export const repairCommand: Command = {
  name: 'repair',
  summary: 'brings bridges, rules, addresses and pods back to what the records say',
  flags: [DRY_RUN_FLAG, JSON_FLAG, CONFLIST_FLAG, CNI_PATH_FLAG],
  details: [
    'Does what the next ADD would do: builds a bridge that is gone with the addresses and routes of the node,\n' +
      'makes NIC and pods its ports again, restores the layer-2 rules, completes moves and deletions that were\n' +
      'interrupted, and leases the addresses of pods whose leases were lost. Then looks again and tells what is\n' +
      'left. Running pods keep their addresses and connections.',
  ],
  needsRoot: true,
  changes: true,
  run: repair,
};

function repair(call: Call): number {
  const { sys, log, out, given } = call;
  const configured = configuredNetworks(readConflists(sys, conflistDirectory(call)));
  const requests = new Requests(sys, configured, cniPath(call));
  const before = collectNode(sys);
  const found = nodeProblems(sys, before).filter(isSerious);
  const networks = repairableNetworks(
    before,
    (network) => requests.networkConfig(network),
    configured.map(({ name }) => name),
  );
  const dryRun = given.switches.has(DRY_RUN_FLAG.name);
  const failures = dryRun ? [] : mend({ sys, log }, requests, before, networks);
  const left = dryRun ? found : nodeProblems(sys, collectNode(sys)).filter(isSerious);
  const report: RepairReport = {
    dryRun,
    mended: dryRun ? [] : found.filter((problem) => !left.some((other) => isSame(problem, other))),
    left,
    failures,
    notes: dryRun ? [] : log.worthNoting().map(({ text }) => text),
  };
  if (given.switches.has(JSON_FLAG.name)) out.printJson(report);
  else out.print(renderRepair(report, out.style));
  if (failures.length > 0) log.set('error', failures.join('; '));
  return left.length === 0 && failures.length === 0 ? STATUS_OK : STATUS_PROBLEMS;
}

/** Does all of it whatever fails; returns what failed, each one line. */
function mend(
  context: PluginContext,
  requests: Requests,
  before: NodeFacts,
  networks: readonly Repairable[],
): string[] {
  const failures: string[] = [];
  const attempt = (what: string, work: () => string | undefined): void => {
    const failed = tried(work);
    if (failed !== undefined) failures.push(`${what}: ${failed}`);
  };
  const sockets = new Sockets(context);
  attempt('interrupted moves', () => {
    finishMoves(context, sockets);
    return undefined;
  });
  for (const { config, subnet } of networks) {
    attempt(`network ${config.name}`, () => {
      const built = ensureNetwork(context, sockets, config, subnet);
      if (!built.ok) return built.error.message;
      if ((config.ipamType || OWN_IPAM) === OWN_IPAM && lacksLeases(before)) {
        reinstateLeases(context, sockets, requests.del(config.name, NOBODY), built.value.record);
      }
      return undefined;
    });
  }
  for (const record of before.pending.filter(({ sinceMs }) =>
    isOverdue(sinceMs, before.nowMs, DEL_LIMIT_MS),
  )) {
    attempt(`DEL of ${record.containerId} ${record.ifname}`, () => {
      const request = requests.del(record.network, record, record.ipamType);
      return completePending(context, sockets, request, record)?.message;
    });
  }
  return failures;
}

/** Leases are made again only where some are missing: it may take a question to the address source. */
function lacksLeases({ endpoints, strayLinks, leases }: NodeFacts): boolean {
  const pods = [
    ...endpoints.flatMap(({ record }) => record.addresses),
    ...strayLinks.map(({ address }) => address),
  ];
  return pods.some((address) => !leases.some((lease) => lease.address === address));
}

function tried(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    const refused = failureOf(error);
    if (refused === undefined) throw error;
    return refused.message;
  }
}

function isSame(a: Problem, b: Problem): boolean {
  return a.code === b.code && a.found === b.found;
}

const NOBODY = { containerId: '', ifname: '' };
