/** Pings at a short interval while the first ADD of a VM moves the host's address to the bridge. */
import { gatewayText } from '../addresses.ts';
import type { Vm } from '../lab.ts';
import type { Place } from '../place.ts';

export interface PingCount {
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly received: number;
}

/** Runs `work` in the middle of pings between the VMs, to the gateway and from the internet. */
export async function pingDuring(
  vms: readonly Vm[],
  internet: Place,
  work: () => Promise<void>,
): Promise<PingCount[]> {
  const runs = vms.flatMap((vm) => {
    const { primary, subnet } = vm.nic();
    const others = vms.filter((other) => other !== vm).map((other) => other.nic().primary);
    const from = others.map((target) => count(vm, target));
    return [...from, count(vm, gatewayText(subnet)), count(internet, primary)];
  });
  await new Promise((resolve) => setTimeout(resolve, LEAD_MS));
  await work();
  return Promise.all(runs);
}

async function count(from: Place, to: string): Promise<PingCount> {
  const argv = [
    'ping',
    '-n',
    '-q',
    '-i',
    String(PING_INTERVAL_MS / 1000),
    '-c',
    String(PING_COUNT),
    '-W',
    '1',
    to,
  ];
  const { stdout } = await from.exec(argv);
  const found = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  return { from: from.name, to, sent: Number(found?.[1] ?? 0), received: Number(found?.[2] ?? 0) };
}

export const PING_INTERVAL_MS = 5;
export const PING_COUNT = 200;
const LEAD_MS = 150;
