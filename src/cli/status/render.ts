/** The report of `azure-vnet status` as text. */
import { formatAge } from '../age.ts';
import { podLabel, shortId } from '../node/names.ts';
import { renderProblem } from '../node/render-problem.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';
import type { NetworkReport, PendingReport, PoolReport, StatusReport } from './report.ts';

export function renderStatus(report: StatusReport, style: Style): string {
  const nowMs = Date.parse(report.time);
  return [
    networks(report.networks, style),
    pools(report.pools, nowMs, style),
    addresses(report, nowMs, style),
    pending(report.pending, nowMs, style),
    problems(report, style),
  ]
    .filter((section) => section !== '')
    .join('\n');
}

function networks(list: readonly NetworkReport[], style: Style): string {
  if (list.length === 0) return 'No network yet: the first ADD of a container builds it.\n';
  const heads = ['NETWORK', 'BRIDGE', 'NIC', 'MAC', 'MTU', 'SUBNET', 'NODE', 'RULES', 'PODS'].map(style.bold);
  const rows = list.map((network) => [
    network.name,
    network.bridgeState === 'up' ? network.bridge : style.bad(`${network.bridge} (${network.bridgeState})`),
    network.nic,
    network.mac,
    String(network.mtu),
    network.subnet,
    network.nodeAddresses.join(', ') || style.bad('none'),
    network.rulesComplete ? style.good('ok') : style.bad('missing'),
    String(network.pods),
  ]);
  return table([heads, ...rows]);
}

function pools(list: readonly PoolReport[], nowMs: number, style: Style): string {
  if (list.length === 0) return 'No pool yet: the address source has not been asked.\n';
  const heads = ['POOL', 'NIC', 'SIZE', 'USED', 'RESTING', 'FREE', 'ON HOST', 'ASKED'].map(style.bold);
  const rows = list.map((pool) => [
    pool.subnet,
    pool.nic,
    String(pool.size),
    String(pool.used),
    String(pool.resting),
    pool.free + pool.resting === 0 ? style.bad(String(pool.free)) : String(pool.free),
    pool.onHost === 0 ? '0' : style.warning(String(pool.onHost)),
    `${formatAge(nowMs - Date.parse(pool.asked))} ago`,
  ]);
  return table([heads, ...rows]);
}

function addresses({ addresses: list }: StatusReport, nowMs: number, style: Style): string {
  if (list.length === 0) return '';
  // Which network is worth a column only where there are several.
  const several = new Set(list.map(({ network }) => network)).size > 1;
  const heads = ['ADDRESS', ...(several ? ['NETWORK'] : []), 'POD', 'CONTAINER', 'INTERFACE'];
  heads.push('HOST VETH', 'SINCE');
  const rows = list.map((item) => [
    item.address,
    ...(several ? [item.network] : []),
    podLabel(item) || '-',
    shortId(item.containerId),
    item.ifname,
    item.hostVeth ?? '-',
    item.since === undefined ? '-' : formatAge(nowMs - Date.parse(item.since)),
  ]);
  return table([heads.map(style.bold), ...rows]);
}

function pending(list: readonly PendingReport[], nowMs: number, style: Style): string {
  if (list.length === 0) return '';
  const rows = list.map(({ what, text, since }) => [
    what,
    text,
    since === undefined ? '' : `for ${formatAge(nowMs - Date.parse(since))}`,
  ]);
  return `${style.bold('PENDING')}\n${table(rows)}`;
}

function problems({ problems: list }: StatusReport, style: Style): string {
  if (list.length === 0) return `${style.good('No problems.')}\n`;
  return list.map((problem) => renderProblem(problem, style)).join('');
}
