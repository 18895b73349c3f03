/**
 * The two sets of layer-2 rules in one VM, of which one is at work. The other one's table is dormant: it is
 * there as it was made, but nothing of it is hooked in.
 */
import type { Vm } from '../../lab/lab.ts';
import { L2_TABLE } from '../../src/vnet/l2-expressions.ts';
import type { BenchPod } from '../pod-host.ts';

export const RULE_SETS = ['nf_tables', 'ebtables'] as const;
export type RuleSet = (typeof RULE_SETS)[number];

/** The table that ebtables-nft uses for its nat chains. */
const EBTABLES_TABLE = 'nat';
const TABLES: Readonly<Record<RuleSet, string>> = { nf_tables: L2_TABLE, ebtables: EBTABLES_TABLE };

/** Adds the original's rules, dormant, beside those of the plugin. */
export async function addOriginalRules(vm: Vm, pods: readonly BenchPod[]): Promise<void> {
  const { name, mac, primary } = vm.nic();
  const text = originalRules({ name, mac, primary }, pods);
  await vm.mustExec(['ebtables-nft-restore'], { stdin: text });
  await use(vm, 'nf_tables');
}

/** From now on this set of rules is at work, and only this one. */
export async function use(vm: Vm, wanted: RuleSet): Promise<void> {
  const stdin = RULE_SETS.map((set) => {
    const flags = set === wanted ? '' : 'flags dormant; ';
    return `add table bridge ${TABLES[set]} { ${flags}}\n`;
  }).join('');
  await vm.mustExec(['nft', '-f', '-'], { stdin });
}

/**
 * What azure-container-networking v1.4.20 appends in bridge mode: three rules for the NIC, then two for each
 * pod, in the order of the ADDs. The input of ebtables-nft-restore(8).
 */
export function originalRules(
  nic: { readonly name: string; readonly mac: string; readonly primary: string },
  pods: readonly BenchPod[],
): string {
  const rules = [
    `-A POSTROUTING -s Unicast -o ${nic.name} -j snat --to-src ${nic.mac} --snat-arp --snat-target ACCEPT`,
    arpReply(nic.primary, nic.mac),
    `-A PREROUTING -p ARP -i ${nic.name} --arp-op Reply -j dnat --to-dst ff:ff:ff:ff:ff:ff --dnat-target ACCEPT`,
    ...pods.flatMap(({ address, mac }) => [
      arpReply(address, mac),
      `-A PREROUTING -p IPv4 -i ${nic.name} --ip-dst ${address} -j dnat --to-dst ${mac} --dnat-target ACCEPT`,
    ]),
  ];
  const chains = ['PREROUTING', 'OUTPUT', 'POSTROUTING'].map((chain) => `:${chain} ACCEPT`);
  return [`*${EBTABLES_TABLE}`, ...chains, ...rules, ''].join('\n');
}

function arpReply(address: string, mac: string): string {
  const match = `-p ARP --arp-op Request --arp-ip-dst ${address}`;
  return `-A PREROUTING ${match} -j arpreply --arpreply-mac ${mac} --arpreply-target DROP`;
}
