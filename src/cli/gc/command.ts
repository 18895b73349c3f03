/** azure-vnet gc: removes what containers that are gone have left behind. */
import { formatIpv4 } from '../../net/ipv4.ts';
import { ENDPOINTS_DIR, readEndpoint } from '../../vnet/endpoint-record.ts';
import { Sockets } from '../../vnet/host-links.ts';
import { hostVethName } from '../../vnet/names.ts';
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
import { type ConfiguredNetwork, configuredNetworks, readConflists } from '../conflists.ts';
import { delThroughChain } from '../docker/missed-del.ts';
import { collectNode } from '../node/collect.ts';
import type { NodeFacts } from '../node/facts.ts';
import { Requests } from '../requests.ts';
import { type GcScope, planGc, type Running } from './plan.ts';
import { describeRemains, type Remains, removeRemains } from './remains.ts';
import { type Removal, renderRemovals } from './render.ts';
import { askRuntime, RUNTIMES, type Runtime } from './runtimes.ts';

const RUNTIME_FLAG = {
  name: 'runtime',
  value: RUNTIMES.join('|'),
  help: 'Who is asked what runs; netns looks whether the sandboxes are there.',
  required: true,
  accepts: {
    test: (text: string) => RUNTIMES.some((runtime) => runtime === text),
    expected: `one of ${RUNTIMES.join(', ')}`,
  },
};
const NETWORK_FLAG = { name: 'network', value: 'NAME', help: 'Only this network; all of ours when absent.' };

export const gcCommand: Command = {
  name: 'gc',
  summary: 'removes what containers that are gone have left: addresses, links, rules, records',
  flags: [RUNTIME_FLAG, NETWORK_FLAG, DRY_RUN_FLAG, JSON_FLAG, CONFLIST_FLAG, CNI_PATH_FLAG],
  details: [
    'containerd  the containers of every namespace, from ctr ($CONTAINERD_ADDRESS is honoured)\n' +
      'docker      the containers that run, from docker ps ($DOCKER_HOST is honoured)\n' +
      'netns       nobody is asked: a container counts while its network namespace is there',
    'A runtime that does not answer ends the command, and nothing is removed. Never removed are containers whose\n' +
      'ADD is under way, and for five minutes those that the runtime does not list but whose sandbox is there.\n' +
      'Leases of other networks than those of azure-vnet are left alone.',
    'Containers of azure-vnet docker get the DEL of their whole chain, so that rules of portmap go as well.',
  ],
  needsRoot: true,
  changes: true,
  run: gc,
};

function gc(call: Call): number {
  const { sys, log, out, given } = call;
  const configured = configuredNetworks(readConflists(sys, conflistDirectory(call)));
  // The records first: what is added later is in neither list, and so in no plan.
  const first = collectNode(sys);
  const known = networkNames(first, configured);
  const wanted = given.values.get(NETWORK_FLAG.name);
  const scope = scopeOf(call, known, wanted);
  if (scope.networks.length === 0) {
    const others = known.length === 0 ? '' : `; there is ${known.join(', ')}`;
    out.complain(
      `azure-vnet: ${wanted === undefined ? 'there is no network' : `there is no network "${wanted}"${others}`}\n`,
    );
    return wanted === undefined ? STATUS_OK : STATUS_PROBLEMS;
  }
  const running = askRuntime(sys, runtimeOf(call));
  if (!running.ok) {
    out.complain(`azure-vnet: what runs is not known, so nothing is removed: ${running.error}\n`);
    return STATUS_PROBLEMS;
  }
  const dryRun = given.switches.has(DRY_RUN_FLAG.name);
  const removals = dueTwice(sys, first, running.value, scope).map((remains): Removal => {
    if (dryRun) return { remains };
    log.note('info', `removing ${describeRemains(remains)}: ${remains.why}`);
    const failed = removeOne(call, configured, remains);
    return failed === undefined ? { remains } : { remains, failure: { message: failed } };
  });
  if (given.switches.has(JSON_FLAG.name)) out.printJson({ dryRun, removed: removals.map(toJson) });
  else out.print(renderRemovals(removals, dryRun, out.style));
  const failures = removals.flatMap(({ failure }) => failure?.message ?? []);
  if (failures.length > 0) log.set('error', failures.join('; '));
  return failures.length === 0 ? STATUS_OK : STATUS_PROBLEMS;
}

/** Why that failed, in one line. */
function removeOne(
  call: Call,
  configured: readonly ConfiguredNetwork[],
  remains: Remains,
): string | undefined {
  const { sys, log } = call;
  const left = remains.kind === 'endpoint' ? delThroughChain(call, remains.record) : undefined;
  if (left !== undefined && remains.kind === 'endpoint') {
    // What others of the chain refuse is said; what is left of ours goes as without a chain.
    const { network } = remains.record;
    const ours = readEndpoint(sys, log, ENDPOINTS_DIR, network, remains.record);
    if (ours === undefined) return left.join('; ') || undefined;
  }
  const requests = new Requests(sys, configured, cniPath(call));
  const failed = removeRemains({ sys, log }, new Sockets({ sys, log }), requests, remains);
  return [...(left ?? []), ...(failed === undefined ? [] : [failed.message])].join('; ') || undefined;
}

/** What is due now and was due before the runtime was asked: a moment between two files is not judged. */
function dueTwice(sys: Call['sys'], first: NodeFacts, running: Running, scope: GcScope): Remains[] {
  const before = new Set(planGc(first, running, scope).map(describeRemains));
  return planGc(collectNode(sys), running, scope).filter((remains) => before.has(describeRemains(remains)));
}

function networkNames(facts: NodeFacts, configured: readonly ConfiguredNetwork[]): string[] {
  const known = new Set([
    ...configured.map(({ name }) => name),
    ...facts.networks.map(({ record }) => record.name),
    ...[...facts.endpoints.map(({ record }) => record), ...facts.pending].map(({ network }) => network),
  ]);
  return [...known].sort();
}

function scopeOf({ sys }: Call, known: readonly string[], wanted: string | undefined): GcScope {
  return {
    networks: known.filter((name) => wanted === undefined || name === wanted),
    hostVethName: (network, attachment) => hostVethName(sys, network, attachment),
  };
}

function runtimeOf({ given }: Call): Runtime {
  const wanted = given.values.get(RUNTIME_FLAG.name);
  const runtime = RUNTIMES.find((name) => name === wanted);
  if (runtime === undefined) throw new Error('Internal error: the runtime was not checked');
  return runtime;
}

function toJson({ remains, failure }: Removal): object {
  const owner = 'record' in remains ? remains.record : 'lease' in remains ? remains.lease : undefined;
  const addresses =
    'record' in remains
      ? remains.record.addresses
      : [
          remains.kind === 'link'
            ? remains.link.address
            : remains.kind === 'lease'
              ? remains.lease.address
              : remains.address,
        ];
  return {
    kind: remains.kind,
    text: describeRemains(remains),
    why: remains.why,
    addresses: addresses.map(formatIpv4),
    ...(owner === undefined
      ? {}
      : { containerId: owner.containerId, ifname: owner.ifname, network: owner.network }),
    ...(failure === undefined ? {} : { error: failure.message }),
  };
}
