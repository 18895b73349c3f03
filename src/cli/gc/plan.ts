/** What gc removes: everything of our networks that belongs to nothing that runs. Pure. */
import type { Attachment } from '../../cni/types.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import type { EndpointFacts, NodeFacts, StrayLink } from '../node/facts.ts';
import type { HeldLease } from '../node/leases.ts';
import { ADD_LIMIT_MS, DEL_LIMIT_MS, isOverdue } from '../node/limits.ts';
import type { Remains } from './remains.ts';

/**
 * A runtime lists a container only some time after its ADD: containerd calls the plugins before it makes the
 * container of a pod. Until then a sandbox that is there counts.
 */
export const UNLISTED_GRACE_MS = 5 * 60_000;

/** What runs, as far as the source can tell. */
export type Running =
  /** Ids of the containers that a runtime has. */
  | { readonly by: 'id'; readonly runtime: string; readonly ids: ReadonlySet<string> }
  /** Whatever has its sandbox still. */
  | { readonly by: 'sandbox' };

export interface GcScope {
  /** Names of the networks whose remains are looked for. */
  readonly networks: readonly string[];
  /** Names of host veths by attachment: how a link without a record tells whose it is. */
  readonly hostVethName: (network: string, attachment: Attachment) => string;
}

export function planGc(facts: NodeFacts, running: Running, scope: GcScope): Remains[] {
  const endpoints = facts.endpoints
    .filter(({ record }) => scope.networks.includes(record.network))
    .flatMap((endpoint): Remains[] => {
      const why = whyInvalid(endpoint, running, facts.nowMs);
      return why === undefined ? [] : [{ kind: 'endpoint', record: endpoint.record, why }];
    });
  const deletions = facts.pending
    .filter((record) => scope.networks.includes(record.network))
    .filter(({ sinceMs }) => isOverdue(sinceMs, facts.nowMs, DEL_LIMIT_MS))
    .map((record): Remains => ({ kind: 'deletion', record, why: 'its DEL was interrupted' }));
  const links = strayLinks(facts, running, scope);
  const kept = new Set([
    ...facts.strayLinks
      .filter((link) => !links.some((item) => item.link === link))
      .map(({ address }) => address),
  ]);
  return [
    ...endpoints,
    ...deletions,
    ...links,
    ...facts.strayElements.map(
      (address): Remains => ({ kind: 'element', address, why: 'no pod has the address' }),
    ),
    ...strayLeases(facts, running, scope, kept),
  ];
}

function whyInvalid({ record, sandbox }: EndpointFacts, running: Running, nowMs: number): string | undefined {
  if (record.phase === 'adding') {
    return isOverdue(record.sinceMs, nowMs, ADD_LIMIT_MS) ? 'its ADD was interrupted' : undefined;
  }
  if (running.by === 'sandbox') {
    return sandbox === 'namespace' ? undefined : `its sandbox ${record.sandbox} is gone`;
  }
  if (running.ids.has(record.containerId)) return undefined;
  if (sandbox === 'namespace' && !isOverdue(record.sinceMs, nowMs, UNLISTED_GRACE_MS)) return undefined;
  return `${running.runtime} has no such container`;
}

type StrayLinkRemains = Extract<Remains, { readonly kind: 'link' }>;

/**
 * Links without a record. Their sandboxes exist, or they would be gone with them, so only a list of ids can
 * tell that they belong to nothing.
 */
function strayLinks(facts: NodeFacts, running: Running, scope: GcScope): StrayLinkRemains[] {
  if (running.by === 'sandbox') return [];
  const { runtime, ids } = running;
  const ifnames = new Set(['eth0', ...facts.endpoints.map(({ record }) => record.ifname)]);
  const valid = new Set<string>();
  for (const network of scope.networks) {
    for (const containerId of ids) {
      for (const ifname of ifnames) valid.add(scope.hostVethName(network, { containerId, ifname }));
    }
  }
  const bridgeOf = ({ masterIndex }: StrayLink) =>
    facts.bridges.find(({ link }) => link.index === masterIndex)?.link.name ?? '';
  return facts.strayLinks
    .filter((link) => !valid.has(link.name))
    .map((link) => ({
      kind: 'link',
      link,
      bridge: bridgeOf(link),
      why: `${runtime} has no container for it`,
    }));
}

function strayLeases(
  facts: NodeFacts,
  running: Running,
  scope: GcScope,
  keptLinks: ReadonlySet<Ipv4>,
): Remains[] {
  const records = [...facts.endpoints.map(({ record }) => record), ...facts.pending];
  const isUnderWay = ({ sinceMs }: HeldLease) =>
    sinceMs !== undefined && !isOverdue(sinceMs, facts.nowMs, ADD_LIMIT_MS);
  return facts.leases
    .filter((lease) => scope.networks.includes(lease.network))
    .filter(
      (lease) =>
        !records.some((record) => record.containerId === lease.containerId && record.ifname === lease.ifname),
    )
    .filter((lease) => !isUnderWay(lease) && !keptLinks.has(lease.address))
    .filter((lease) => running.by === 'sandbox' || !running.ids.has(lease.containerId))
    .map((lease) => ({ kind: 'lease', lease, why: 'no endpoint has it' }));
}
