/** The metrics: from the totals of the log, and from what is known of the node. */
import { formatCidr } from '../../net/cidr.ts';
import type { NodeFacts } from '../node/facts.ts';
import type { Problem } from '../node/problem.ts';
import type { Family, Sample } from './exposition.ts';
import { BUCKETS_S, type CommandTotals, type OperationTotals } from './operations.ts';

export function operationFamilies({ byCommand, damagedLines }: OperationTotals): Family[] {
  const commands = [...byCommand].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    {
      name: 'azure_vnet_operations_total',
      type: 'counter',
      help: 'Operations in the present log, by command and result.',
      samples: commands.flatMap(([command, { ok, failed }]) => [
        { labels: { command, result: 'ok' }, value: ok },
        { labels: { command, result: 'error' }, value: failed },
      ]),
    },
    {
      name: 'azure_vnet_errors_total',
      type: 'counter',
      help: 'Failed operations in the present log, by command and CNI error code.',
      samples: commands.flatMap(([command, { errors }]) =>
        [...errors]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([code, value]) => ({ labels: { command, code }, value })),
      ),
    },
    {
      name: 'azure_vnet_operation_duration_seconds',
      type: 'histogram',
      help: 'Time from the start of the plugin to the end of the operation.',
      samples: commands.flatMap(([command, totals]) => histogram(command, totals)),
    },
    {
      name: 'azure_vnet_log_damaged_lines',
      type: 'gauge',
      help: 'Lines of the present log that cannot be read.',
      samples: [{ value: damagedLines }],
    },
  ];
}

function histogram(command: string, { buckets, sumUs }: CommandTotals): Sample[] {
  let count = 0;
  const counted = buckets.map((inBucket, i) => {
    count += inBucket;
    const le = BUCKETS_S[i] === undefined ? '+Inf' : String(BUCKETS_S[i]);
    return { suffix: '_bucket', labels: { command, le }, value: count };
  });
  return [
    ...counted,
    { suffix: '_sum', labels: { command }, value: sumUs / 1e6 },
    { suffix: '_count', labels: { command }, value: count },
  ];
}

export function nodeFamilies(version: string, facts: NodeFacts, problems: readonly Problem[]): Family[] {
  const countOf = (severity: string): number =>
    problems.filter((problem) => problem.severity === severity).length;
  return [
    gauge('azure_vnet_build_info', 'Version of the tool that answers; always 1.', [
      { labels: { version }, value: 1 },
    ]),
    ...poolFamilies(facts),
    gauge(
      'azure_vnet_endpoints',
      'Interfaces of containers, by network.',
      facts.networks.map(({ record: { name } }) => ({
        labels: { network: name },
        value: facts.endpoints.filter(({ record }) => record.network === name).length,
      })),
    ),
    gauge(
      'azure_vnet_rules_complete',
      'Whether the layer-2 rules of the network are all there: 1 or 0.',
      facts.networks.map(({ record: { name }, rulesComplete }) => ({
        labels: { network: name },
        value: rulesComplete ? 1 : 0,
      })),
    ),
    gauge('azure_vnet_pending_deletions', 'Deletions that have begun and are not through.', [
      { value: facts.pending.length },
    ]),
    gauge('azure_vnet_damaged_records', 'Records that cannot be read.', [{ value: facts.damaged.length }]),
    gauge(
      'azure_vnet_problems',
      'What azure-vnet status finds wrong, by severity.',
      ['error', 'warning'].map((severity) => ({ labels: { severity }, value: countOf(severity) })),
    ),
  ];
}

function poolFamilies({ pools }: NodeFacts): Family[] {
  const labelled = pools.map((facts) => ({
    facts,
    labels: { subnet: formatCidr(facts.pool.subnet), nic: facts.pool.nic.name },
  }));
  return [
    gauge(
      'azure_vnet_pool_size',
      'Secondary addresses of the NIC.',
      labelled.map(({ facts, labels }) => ({ labels, value: facts.pool.addresses.length })),
    ),
    gauge(
      'azure_vnet_pool_addresses',
      'Addresses of the pool by state: used by a container, resting after one, free, or on the host itself.',
      labelled.flatMap(({ facts, labels }) => [
        { labels: { ...labels, state: 'used' }, value: facts.leased.length },
        { labels: { ...labels, state: 'resting' }, value: facts.resting.length },
        { labels: { ...labels, state: 'free' }, value: facts.free.length },
        { labels: { ...labels, state: 'on_host' }, value: facts.onHost.length },
      ]),
    ),
    gauge(
      'azure_vnet_pool_answer_timestamp_seconds',
      'When the address source last answered usefully, in seconds since 1970.',
      labelled.map(({ facts, labels }) => ({ labels, value: facts.fetchedMs / 1000 })),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}
