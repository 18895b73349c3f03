/** What the demo builds: two VMs with three pods each, the first of which has a port of its node. */
import { gatewayText } from '../addresses.ts';
import type { Vm } from '../lab.ts';
import { FABRIC_MAC, INTERNET_ADDRESS, WIRESERVER_ADDRESS } from '../model.ts';

export const PODS: Readonly<Record<string, readonly string[]>> = {
  vm1: ['a1', 'a2', 'a3'],
  vm2: ['b1', 'b2', 'b3'],
};
export const HOST_PORT = 8080;
export const POD_PORT = 80;

/** A picture of the lab. */
export function picture(vms: readonly Vm[]): string {
  const { subnet } = vms[0]?.nic() ?? { subnet: '' };
  const boxes = vms.map(boxOf);
  const widths = boxes.map((box) => box[0]?.length ?? 0);
  const rows = boxes[0]?.map((_, row) => boxes.map((box) => box[row] ?? '').join(GAP)) ?? [];
  const width = widths.reduce((sum, boxWidth) => sum + boxWidth, 0) + GAP.length * (boxes.length - 1);
  const around = [
    `internet ${INTERNET_ADDRESS}`,
    `wireserver ${WIRESERVER_ADDRESS}`,
    `gateway ${gatewayText(subnet)}`,
  ];
  return [
    around.join('     '),
    `══ virtual network ${subnet} `.padEnd(width, '═'),
    widths
      .map((boxWidth) => '      │ eth0'.padEnd(boxWidth))
      .join(GAP)
      .trimEnd(),
    ...rows,
    `The fabric answers every ARP request with ${FABRIC_MAC}, and drops frames with a MAC that is not`,
    "the NIC's or with an address that is none of its ipconfigs, as Azure's does.",
  ]
    .map((line) => `  ${line}`)
    .join('\n');
}

function boxOf(vm: Vm): string[] {
  const { primary, secondaries, mac } = vm.nic();
  const title = `─ ${vm.name} ${primary} `;
  const span = `${secondaries[0] ?? ''} – ${secondaries.at(-1) ?? ''}`;
  const inner = [mac, `pods ${(PODS[vm.name] ?? []).join(' ')}`, `ipconfigs ${span}`];
  const width = Math.max(title.length, ...inner.map((text) => text.length + 2));
  return [
    `┌${title.padEnd(width, '─')}┐`,
    ...inner.map((text) => `│ ${text.padEnd(width - 2)} │`),
    `└${'─'.repeat(width)}┘`,
  ];
}

const GAP = '   ';
