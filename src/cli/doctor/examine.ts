/** All checks of the doctor: each collects its facts and judges them; one that cannot collect says so. */

import type { ConfList } from '../../cni/runtime/conflist.ts';
import type { PluginContext } from '../../cni/types.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import { NetlinkError } from '../../net/netlink/socket.ts';
import { type Sys, SysError } from '../../sys/sys.ts';
import { OWN_IPAM } from '../../vnet/ipam.ts';
import { type ConflistFile, configuredNetworks, OWN_PLUGIN, readConflists } from '../conflists.ts';
import { collectNode } from '../node/collect.ts';
import type { NodeFacts } from '../node/facts.ts';
import { observe } from '../node/observe.ts';
import { nodeProblems } from '../node/problems.ts';
import { Requests } from '../requests.ts';
import { isRoot } from '../root.ts';
import { checkStolenAddresses } from './cloud-init.ts';
import { collectStolenAddresses } from './collect-cloud-init.ts';
import { collectFirewall } from './collect-firewall.ts';
import { collectKernel } from './collect-kernel.ts';
import { collectManagers } from './collect-managers.ts';
import { collectPlugins } from './collect-plugins.ts';
import { askSource, KUBELET_CONFIG, maxPodsOf } from './collect-pool.ts';
import { checkConflists } from './conflist.ts';
import { type Checked, finding } from './finding.ts';
import { checkForwarding, checkInternet } from './firewall.ts';
import { checkKernel } from './kernel.ts';
import { checkLog, logTrouble } from './log.ts';
import { checkManagers } from './managers.ts';
import { checkPlugins } from './plugins.ts';
import { checkPoolSize, checkSources, type MaxPodsFacts, type PoolUse, type SourceFacts } from './pool.ts';

export interface Examination {
  readonly conflistDirectory: string;
  readonly cniPath: readonly string[];
  /** As asked for; what kubelet allows when absent. */
  readonly maxPods?: number;
}

/** The checks in the order of the report. Changes nothing. */
export function examine(context: PluginContext, options: Examination): Checked[] {
  if (!isRoot(context.sys)) return [NOT_ROOT];
  const { sys, log } = context;
  // A file that is read only by this process cannot be changed by it either.
  const looking = { sys: observe(sys).sys, log };
  const files = readConflists(sys, options.conflistDirectory);
  const node = guarded('state', () => collectNode(sys));
  const facts = node.ok ? node.value : NO_FACTS;
  const sources = guarded('address source', () => sourcesOf(looking, files, options.cniPath));
  const pool = poolAddresses(sources.ok ? sources.value : [], facts);
  const check = (name: string, work: () => Checked): Checked => {
    const done = guarded(name, work);
    return done.ok ? done.value : done.error;
  };
  const firewall = guarded('forwarding', () => collectFirewall(sys, facts));
  return [
    check('kernel', () => checkKernel(collectKernel(looking))),
    // Before the rest: a bridge that is gone explains a wireserver that does not answer.
    node.ok
      ? { check: 'state', seen: 'records and kernel agree', findings: nodeProblems(sys, node.value) }
      : node.error,
    ...(firewall.ok ? [checkForwarding(firewall.value), checkInternet(firewall.value)] : [firewall.error]),
    check('network managers', () => checkManagers(collectManagers(sys, facts))),
    checkConflists({ directory: options.conflistDirectory, files }),
    ...pluginChecks(sys, files, options.cniPath, check),
    sources.ok ? checkSources(sources.value) : sources.error,
    check('pool', () =>
      checkPoolSize(useOf(pool, facts), maxPodsFacts(sys, options.maxPods, ownList(files))),
    ),
    check('pool addresses', () => checkStolenAddresses(collectStolenAddresses(looking, pool), pool.size)),
    check('log', () => checkLog(logTrouble(sys))),
  ];
}

type Guarded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Checked };

function guarded<T>(check: string, work: () => T): Guarded<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (!(error instanceof SysError) && !(error instanceof NetlinkError)) throw error;
    const found = `this could not be checked: ${error.message}`;
    const why = 'the node may be worse than this report says';
    const failed = finding('warning', 'NOT_CHECKED', { found, why, mend: 'azure-vnet doctor' });
    return { ok: false, error: { check, seen: '', findings: [failed] } };
  }
}

function sourcesOf(
  context: PluginContext,
  files: readonly ConflistFile[],
  cniPath: readonly string[],
): SourceFacts[] {
  const configured = configuredNetworks(files);
  const requests = new Requests(context.sys, configured, cniPath);
  return configured
    .filter(({ name }) => [OWN_IPAM, ''].includes(requests.networkConfig(name).ipamType))
    .map(({ name }) => askSource(context, requests.del(name, { containerId: '', ifname: '' })));
}

/** Of the fresh answers; of the last good ones where a source does not answer now. */
function poolAddresses(sources: readonly SourceFacts[], { pools }: NodeFacts): Set<Ipv4> {
  const fresh = sources.flatMap(({ candidates }) => (candidates.ok ? candidates.value : []));
  const known = fresh.length > 0 ? fresh : pools.map(({ pool }) => pool);
  return new Set(known.flatMap(({ addresses }) => addresses));
}

function useOf(pool: ReadonlySet<Ipv4>, { leases, pools }: NodeFacts): PoolUse {
  const taken = new Set([...leases.map(({ address }) => address), ...pools.flatMap(({ onHost }) => onHost)]);
  return { size: pool.size, free: [...pool].filter((address) => !taken.has(address)).length };
}

function maxPodsFacts(
  sys: Sys,
  wanted: number | undefined,
  list: ConfList | undefined,
): MaxPodsFacts | undefined {
  const told = maxPodsOf(sys);
  const asked =
    wanted === undefined
      ? told
      : { ...(told ?? { file: KUBELET_CONFIG }), maxPods: wanted, from: '--max-pods' };
  if (asked === undefined) return undefined;
  return { ...asked, ...(list !== undefined && { cniVersion: list.cniVersion }) };
}

/** The configuration that names our plugin: the first one, when there are several. */
function ownList(files: readonly ConflistFile[]): ConfList | undefined {
  for (const { list } of files) {
    if (list.ok && list.value.plugins.some(({ type }) => type === OWN_PLUGIN)) return list.value;
  }
  return undefined;
}

function pluginChecks(
  sys: Sys,
  files: readonly ConflistFile[],
  cniPath: readonly string[],
  check: (name: string, work: () => Checked) => Checked,
): Checked[] {
  const list = ownList(files);
  return list === undefined ? [] : [check('plugins', () => checkPlugins(collectPlugins(sys, list, cniPath)))];
}

const NOT_ROOT: Checked = {
  check: 'root',
  seen: '',
  findings: [
    finding('error', 'NOT_ROOT', {
      found: 'this is not run by root',
      why: 'records, rules and namespaces are for root only, so nothing can be checked',
      mend: 'sudo azure-vnet doctor',
    }),
  ],
};

const NO_FACTS: NodeFacts = {
  nowMs: 0,
  networks: [],
  endpoints: [],
  pending: [],
  leases: [],
  pools: [],
  strayLinks: [],
  strayElements: [],
  interruptedMoves: [],
  hosts: [],
  bridges: [],
  damaged: [],
};
