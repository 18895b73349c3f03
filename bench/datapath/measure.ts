/** Packets and bytes from the fabric into a pod, per second. */
import type { Lab } from '../../lab/lab.ts';
import { helperPath } from '../helpers.ts';
import type { PodHost } from '../pod-host.ts';
import { addOriginalRules, RULE_SETS, type RuleSet, use } from './rules.ts';

export const PROTOCOLS = ['udp', 'tcp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** One row of measurements: packets per second for UDP, bits per second for TCP. */
export interface Series {
  readonly pods: number;
  readonly rules: RuleSet;
  readonly protocol: Protocol;
  readonly perSecond: number[];
  /** The same per second of the processor that had more to do: what it would be if nothing else ran there. */
  readonly perCpuSecond: number[];
}

export interface DatapathPlan {
  readonly rounds: number;
  /** How long each flow lasts. */
  readonly windowMs: number;
  /** The pod that the flows go to, by its place in the order of the ADDs. */
  readonly pod: Target;
}

/** The newest, whose rules are looked at last; or the average one. */
export const TARGETS = ['last', 'middle'] as const;
export type Target = (typeof TARGETS)[number];

/**
 * Measures in rounds: every VM with each set of rules and each protocol in turn, so that a machine that gets
 * slower is slower for all. The first round does not count.
 */
export async function measureDatapath(
  lab: Lab,
  hosts: readonly PodHost[],
  { rounds, windowMs, pod }: DatapathPlan,
  progress: (done: number) => void = () => undefined,
): Promise<Series[]> {
  for (const { vm, pods } of hosts) await addOriginalRules(vm, pods);
  const series = hosts.flatMap((host) =>
    RULE_SETS.flatMap((rules) =>
      PROTOCOLS.map((protocol) => ({
        host,
        rules,
        protocol,
        pods: host.pods.length,
        perSecond: [] as number[],
        perCpuSecond: [] as number[],
      })),
    ),
  );
  for (let round = 0; round <= rounds; round++) {
    for (const { host, rules, protocol, perSecond, perCpuSecond } of series) {
      await use(host.vm, rules);
      const counted = await flow(lab, host, { protocol, windowMs, pod });
      if (round === 0) continue;
      perSecond.push((counted.amount * 1e9) / counted.ns);
      perCpuSecond.push((counted.amount * 1e9) / counted.cpuNs);
    }
    progress(round);
  }
  for (const { vm } of hosts) await use(vm, 'nf_tables');
  return series;
}

/** One flow; what its sink counted. */
async function flow(
  lab: Lab,
  { vm, pods }: PodHost,
  { protocol, windowMs, pod: target }: FlowPlan,
): Promise<Counted> {
  const pod = target === 'last' ? pods.at(-1) : pods[pods.length >> 1];
  if (pod === undefined) throw new Error('Internal error: no pods');
  const traffic = helperPath('traffic');
  const inPod = ['nsenter', `--net=/run/netns/${pod.name}`, '--'];
  const counted = vm.mustExec([...inPod, traffic, 'sink', protocol, PORT]);
  const sent = lab.fabric.mustExec([traffic, 'source', protocol, pod.address, PORT, String(windowMs)]);
  const [text, sourceText] = await Promise.all([counted, sent]);
  const [packets = 0, bytes = 0, ns = 0, , sinkCpuNs = 0] = text.split(' ').map(Number);
  if (ns <= 0) throw new Error(`${protocol} to ${pod.address}: nothing arrived (${text.trim()})`);
  return {
    amount: protocol === 'udp' ? packets : bytes * 8,
    ns,
    cpuNs: Math.max(sinkCpuNs, Number(sourceText)),
  };
}

/** What a sink has counted: packets or bits. */
interface Counted {
  readonly amount: number;
  readonly ns: number;
  readonly cpuNs: number;
}

interface FlowPlan extends Pick<DatapathPlan, 'windowMs' | 'pod'> {
  readonly protocol: Protocol;
}

const PORT = '9000';
