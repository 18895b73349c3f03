/** What the picture shows of a subnet: runs of addresses with one use, and the colours of uses. */
import { formatIpv4, type Ipv4 } from '../net/ipv4.ts';
import { shifted } from './addresses.ts';
import type { AddressPlan, PlannedNode, SubnetPlan } from './plan.ts';
import { formatRange } from './plan-document.ts';

export interface Run {
  /** From the first address of the subnet. */
  readonly offset: number;
  readonly length: number;
  readonly fill: string;
  /** Shown when the pointer rests on it. */
  readonly label: string;
}

export interface LegendEntry {
  readonly label: string;
  readonly fills: readonly string[];
}

interface Colours {
  /** The node's own address. */
  readonly own: string;
  /** Pods of every other node, so that neighbours can be told apart. */
  readonly pods: readonly [string, string];
}

/** Told apart in grey and by people who see no red or green, by their lightness. */
const MASTER: Colours = { own: '#12355b', pods: ['#5b8fc7', '#86b0dc'] };
const POOLS: readonly Colours[] = [
  { own: '#7a3b00', pods: ['#f0a24b', '#f6c48c'] },
  { own: '#1d4d2b', pods: ['#63b67a', '#9ad3a9'] },
  { own: '#55185d', pods: ['#c07fc9', '#dbb0e0'] },
  { own: '#5c1020', pods: ['#dd7f8d', '#edb1ba'] },
  { own: '#10494d', pods: ['#54b3b9', '#93d3d7'] },
];
const RESERVED = '#9a9a9a';
const LOAD_BALANCER = '#d4b800';
export const SURGE = 'url(#surge)';

export function legendOf(plan: AddressPlan): LegendEntry[] {
  const pools = [...new Set(plan.nodes.map(({ pool }) => pool))];
  const entries = pools.map((pool): LegendEntry => {
    const { own, pods } = coloursOf(plan, pool);
    const label = pool === 'master' ? 'masters and their pods' : `pool ${pool}: nodes and their pods`;
    return { label, fills: [own, ...pods] };
  });
  return [
    ...entries,
    ...(plan.internalLoadBalancer === undefined
      ? []
      : [{ label: 'internal load balancer', fills: [LOAD_BALANCER] }]),
    { label: "Azure's own", fills: [RESERVED] },
    { label: 'kept free for an upgrade', fills: [SURGE] },
  ];
}

/** In ascending order. */
export function runsOf(plan: AddressPlan, { subnet, reserved, free, headroom }: SubnetPlan): Run[] {
  const at = (address: Ipv4): number => address - subnet.cidr.base;
  const runs: Run[] = reserved.map((address) => ({
    offset: at(address),
    length: 1,
    fill: RESERVED,
    label: `${formatIpv4(address)}: Azure's own`,
  }));
  const balancer = plan.internalLoadBalancer;
  if (balancer?.subnet === subnet) {
    const label = `${formatIpv4(balancer.address)}: internal load balancer`;
    runs.push({ offset: at(balancer.address), length: 1, fill: LOAD_BALANCER, label });
  }
  for (const node of plan.nodes) {
    if (node.nic.subnet === subnet) runs.push(...runsOfNode(plan, node, at));
  }
  let surge = headroom.surgeAddresses;
  for (const { first, last } of free) {
    const length = Math.min(surge, last - first + 1);
    if (length === 0) break;
    const range = formatRange({ first, last: shifted(first, length - 1) });
    runs.push({ offset: at(first), length, fill: SURGE, label: `${range}: kept free for an upgrade` });
    surge -= length;
  }
  return runs.sort((a, b) => a.offset - b.offset);
}

/** The node's own address, and stretches of addresses for pods. */
function runsOfNode(
  plan: AddressPlan,
  { name, pool, index, nic }: PlannedNode,
  at: (address: Ipv4) => number,
): Run[] {
  const { own, pods } = coloursOf(plan, pool);
  const runs: Run[] = [];
  let first: Ipv4 | undefined;
  let last: Ipv4 | undefined;
  const close = (): void => {
    if (first === undefined || last === undefined) return;
    const label = `${formatRange({ first, last })}: pods of ${name}`;
    runs.push({ offset: at(first), length: last - first + 1, fill: pods[index % 2 === 0 ? 0 : 1], label });
    first = undefined;
  };
  for (const { address, primary } of nic.ipConfigs) {
    if (primary) {
      runs.push({ offset: at(address), length: 1, fill: own, label: `${formatIpv4(address)}: ${name}` });
      continue;
    }
    if (first === undefined || last === undefined || address !== last + 1) {
      close();
      first = address;
    }
    last = address;
  }
  close();
  return runs;
}

function coloursOf(plan: AddressPlan, pool: string): Colours {
  if (pool === 'master') return MASTER;
  const agents = [...new Set(plan.nodes.filter(({ role }) => role === 'agent').map((node) => node.pool))];
  return POOLS[agents.indexOf(pool) % POOLS.length] ?? MASTER;
}
