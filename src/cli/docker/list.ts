/** azure-vnet docker list: containers, addresses, ports and where they stand. */
import { type Call, JSON_FLAG, STATUS_OK, STATUS_PROBLEMS } from '../command.ts';
import { shortId } from '../node/names.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';
import { Docker } from './client.ts';
import { collectAll } from './collect.ts';
import { formatMapping } from './ports.ts';
import { type DockerFacts, labelOf, needsRepair, standingOf } from './standing.ts';

export function list({ sys, out, given }: Call): number {
  const docker = Docker.find(sys);
  const collected = docker.ok ? collectAll(sys, docker.value) : docker;
  if (!collected.ok) {
    out.complain(`azure-vnet: ${collected.error}\n`);
    return STATUS_PROBLEMS;
  }
  const rows = collected.value.map(toRow).sort((a, b) => (a.key < b.key ? -1 : 1));
  if (given.switches.has(JSON_FLAG.name))
    out.printJson({ containers: rows.map(({ key: _, ...row }) => row) });
  else out.print(render(rows, out.style));
  return rows.some(({ healthy }) => !healthy) ? STATUS_PROBLEMS : STATUS_OK;
}

interface Row {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly id: string;
  readonly image?: string;
  /** Docker's word for it; `removed` without a container. */
  readonly status: string;
  readonly state: string;
  readonly why?: string;
  readonly healthy: boolean;
  /** That it has now. */
  readonly addresses: readonly string[];
  /** That it had last, and will ask for. */
  readonly lastAddresses: readonly string[];
  readonly ports: readonly string[];
}

function toRow(facts: DockerFacts): Row {
  const { container, record } = facts;
  const standing = standingOf(facts);
  const lastAddresses = record?.addresses ?? [];
  return {
    key: labelOf(facts),
    name: container?.name ?? record?.name ?? '',
    namespace: container?.namespace ?? record?.namespace ?? '',
    id: container?.id ?? record?.containerId ?? '',
    ...(container === undefined ? {} : { image: container.image }),
    status: container?.status ?? 'removed',
    state: standing.state,
    ...('why' in standing ? { why: standing.why } : {}),
    healthy: !needsRepair(standing),
    addresses: standing.state === 'attached' ? lastAddresses : [],
    lastAddresses,
    ports: container?.ports.ok === true ? container.ports.value.map(formatMapping) : [],
  };
}

function render(rows: readonly Row[], style: Style): string {
  if (rows.length === 0) return 'No containers: docker-run.sh makes one.\n';
  const heads = ['NAME', 'NAMESPACE', 'ADDRESS', 'PORTS', 'DOCKER', 'NETWORK', 'IMAGE', 'CONTAINER'];
  const lines = rows.map((row) => [
    row.name,
    row.namespace,
    row.addresses.join(', ') || '-',
    row.ports.join(', ') || '-',
    row.status,
    row.healthy ? row.state : style.bad(row.state),
    row.image ?? '-',
    shortId(row.id),
  ]);
  const wrong = rows.filter(({ healthy }) => !healthy).map(({ key, why = '' }) => `${key}: ${why}\n`);
  const hint =
    wrong.length === 0 ? [] : ['\n', ...wrong, 'azure-vnet docker repair mends what can be mended\n'];
  return [table([heads.map(style.bold), ...lines]), ...hint].join('');
}
