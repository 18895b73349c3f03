/**
 * The API server, played by an HTTP server on each master, and the internal load balancer of the template, played by
 * the fabric:
 *
 *     agent, pod ─► address of the load balancer, 443 ─► one of the masters, 4443 ─► 443 there
 */

import type { Fact } from '../demo/print.ts';
import { httpGet, type Prober, whoUrl } from '../demo/probes.ts';
import { LabError } from '../error.ts';
import { nftBatch } from '../host/ip.ts';
import type { Lab, Pod } from '../lab.ts';
import { serverArgv, waitForListener } from '../pod/serve.ts';
import type { LabNode } from './node.ts';

/** What the template says of a load balancer, as far as it matters here. */
interface LoadBalancer {
  readonly properties: {
    readonly frontendIPConfigurations: readonly {
      readonly properties: { readonly privateIPAddress?: string };
    }[];
    readonly loadBalancingRules: readonly {
      readonly properties: { readonly frontendPort: number; readonly backendPort: number };
    }[];
  };
}

/** Starts the servers and, if the template has one, the load balancer. */
export async function serveApi(lab: Lab, masters: readonly LabNode[], templateText: string): Promise<void> {
  for (const { vm } of masters) {
    const server = await vm.start(serverArgv(API_PORT), {
      env: { PATH: process.env.PATH ?? '', LAB_POD: vm.name },
    });
    await waitForListener(vm.path(`/proc/${server}`), API_PORT);
  }
  const { resources } = JSON.parse(templateText) as { resources: (LoadBalancer & { type: string })[] };
  for (const { type, properties } of resources) {
    if (type !== 'Microsoft.Network/loadBalancers') continue;
    const front = properties.frontendIPConfigurations[0]?.properties.privateIPAddress;
    const rule = properties.loadBalancingRules[0]?.properties;
    if (front === undefined || rule === undefined) continue;
    for (const { vm, apiProgram } of masters) {
      if (apiProgram === undefined)
        throw new LabError(`${vm.name} does not take what comes to the back port.`);
      await vm.mustExec(['/bin/sh', '-c', apiProgram]);
    }
    const backs = masters.map(({ vm }) => `${vm.nic().primary}:${rule.backendPort}`);
    await nftBatch(lab.fabric.anchor, balanceText(`${front} tcp dport ${rule.frontendPort}`, backs));
  }
}

/** Each connection to the next one: the first rule takes one of n, the second one of the n - 1 that are left … */
function balanceText(front: string, backs: readonly string[]): string {
  const rules = backs.map((back, index) => {
    const left = backs.length - index;
    return `    ip daddr ${front} ${left > 1 ? `numgen inc mod ${left} == 0 ` : ''}dnat to ${back}\n`;
  });
  return `table ip balancer {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
${rules.join('')}  }
}
`;
}

/**
 * Whether agents and their pods reach the API, with their own address. Masters are left out: in Azure, too, a member
 * may be sent back to itself by its load balancer, and then there is no connection.
 */
export async function tryApi(
  masters: readonly LabNode[],
  agents: readonly LabNode[],
  pods: readonly Pod[],
  address: string,
): Promise<Fact[]> {
  const facts: Fact[] = [];
  const asked = new Set<string>();
  const attempt = async (from: Prober, text: string, own: string): Promise<void> => {
    const answer = (await httpGet(from, whoUrl(address, API_PORT))) ?? 'no answer';
    const [master = '', seen] = answer.split(' ');
    const passed = seen === own && masters.some(({ vm }) => vm.name === master);
    if (passed) asked.add(master);
    facts.push({ passed, text, seen: passed ? `${master}, which sees ${seen}` : answer });
  };
  for (const { vm } of agents) {
    await attempt(vm, vm.name, vm.nic().primary);
    for (const pod of pods) if (pod.vm === vm) await attempt(pod, pod.name, pod.address);
  }
  if (masters.length === 1) return facts;
  const passed = asked.size === Math.min(masters.length, facts.length);
  return [...facts, { passed, text: 'the masters take turns', seen: [...asked].sort().join(', ') }];
}

const API_PORT = 443;
