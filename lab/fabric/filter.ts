/**
 * What the fabric accepts from a NIC, as nftables text: frames with the NIC's own MAC and with an
 * ipconfig of the NIC as the sender address. Everything else is dropped and counted by kind.
 */
import type { LabState, NicState } from '../model.ts';
import { WIRESERVER_ADDRESS } from '../model.ts';

/** Why a frame from a NIC was dropped, and how many passed. */
export const COUNTER_KINDS = [
  'passed',
  'foreignMac',
  'foreignAddress',
  'internetFromSecondary',
  'ipv6',
  'other',
] as const;
export type CounterKind = (typeof COUNTER_KINDS)[number];

/** The tables, before any NIC is there. */
export function tableText(): string {
  return `table netdev fabric {
  set vnet { type ipv4_addr; flags interval; auto-merge; elements = { ${WIRESERVER_ADDRESS} } }
}
table ip fabric {
  set vnet { type ipv4_addr; flags interval; auto-merge; }
  counter unassigned { }
  chain forward {
    type filter hook forward priority 0; policy accept;
    oifname "internet" ip daddr @vnet counter name unassigned drop
  }
  chain input {
    type filter hook input priority 0; policy accept;
    ip daddr ${WIRESERVER_ADDRESS} tcp dport 80 jump wireserver
  }
  chain wireserver { }
}
`;
}

/** The rules of one NIC. A frame that nothing names is dropped as "other". */
export function nicText(nic: NicState): string {
  const { port, mac, primary } = nic;
  const addresses = [primary, ...nic.secondaries].join(', ');
  const count = (kind: CounterKind): string => `counter name "${counterName(port, kind)}"`;
  return `table netdev fabric {
  set ${port} { type ipv4_addr; elements = { ${addresses} } }
${COUNTER_KINDS.map((kind) => `  counter ${counterName(port, kind)} { }`).join('\n')}
  chain ${port} {
    type filter hook ingress device "${port}" priority -500; policy drop;
    ether type ip6 ${count('ipv6')} drop
    ether saddr != ${mac} ${count('foreignMac')} drop
    ether type arp arp saddr ether != ${mac} ${count('foreignMac')} drop
    ether type arp arp saddr ip != 0.0.0.0 arp saddr ip != @${port} ${count('foreignAddress')} drop
    ether type arp ${count('passed')} accept
    ether type != ip ${count('other')} drop
    ip saddr != @${port} ${count('foreignAddress')} drop
    ip saddr != ${primary} ip daddr != @vnet ${count('internetFromSecondary')} drop
    ${count('passed')} accept
  }
}
add element netdev fabric vnet { ${nic.subnet} }
add element ip fabric vnet { ${nic.subnet} }
`;
}

/** Forgets a NIC, whose chain the kernel may have removed together with its device. */
export function nicRemovalText(nic: NicState): string {
  const { port } = nic;
  const removals = [
    `add chain netdev fabric ${port}`,
    `flush chain netdev fabric ${port}`,
    `delete chain netdev fabric ${port}`,
    `delete set netdev fabric ${port}`,
    ...COUNTER_KINDS.map((kind) => `delete counter netdev fabric ${counterName(port, kind)}`),
  ];
  return removals.map((line) => `${line}\n`).join('');
}

/** The rule of a wireserver mode that the server itself cannot play. */
export function wireserverModeText(mode: LabState['wireserver']): string {
  const flush = 'flush chain ip fabric wireserver\n';
  if (mode === 'refuse') return `${flush}add rule ip fabric wireserver tcp flags syn reject with tcp reset\n`;
  if (mode === 'blackhole') return `${flush}add rule ip fabric wireserver drop\n`;
  return flush;
}

export function counterName(port: string, kind: CounterKind): string {
  return `${port}.${kind}`;
}
