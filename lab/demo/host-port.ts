/** A pod behind a port of its node, through portmap, from everywhere. */
import type { Pod } from '../lab.ts';
import type { Place } from '../place.ts';
import { HOST_PORT } from './plan.ts';
import { httpGet, type Prober, whoUrl } from './probes.ts';

export interface HostPortResult {
  readonly from: string;
  readonly passed: boolean;
  /** "a1 sees 10.240.0.13", or nothing. */
  readonly seen: string;
}

/** Asks for `pod` at its node's address from the other node, its pods, the own node and the internet. */
export async function tryHostPort(
  pod: Pod,
  others: readonly Pod[],
  internet: Place,
): Promise<HostPortResult[]> {
  const node = pod.vm.nic().primary;
  const stranger = others.find(({ vm }) => vm !== pod.vm);
  const sibling = others.find(({ vm, name }) => vm === pod.vm && name !== pod.name);
  const attempts: [string, Prober | undefined, string][] = [
    [`${stranger?.vm.name}, the other node`, stranger?.vm, node],
    [`${stranger?.name}, a pod of the other node`, stranger, node],
    [`${sibling?.name}, a pod of the same node`, sibling, node],
    [`${pod.name}, the pod itself`, pod, node],
    [`${pod.vm.name}, its own node`, pod.vm, node],
    [`${pod.vm.name}, by 127.0.0.1`, pod.vm, '127.0.0.1'],
    ['the internet', internet, node],
  ];
  return Promise.all(
    attempts.map(async ([from, prober, address]) => {
      const answer = prober && (await httpGet(prober, whoUrl(address, HOST_PORT)));
      const [name, source = ''] = (answer ?? '').split(' ');
      const passed = name === pod.name;
      return { from, passed, seen: passed ? `${name} sees ${source}` : 'no answer' };
    }),
  );
}
