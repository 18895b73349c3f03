/** Check "network managers": does one of them take our links for its own? */
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

export type ManagerName = 'NetworkManager' | 'systemd-networkd';

export interface ManagerFacts {
  readonly name: ManagerName;
  /** Links that it manages, of those that are ours. */
  readonly managed: readonly ManagedLink[];
}

export interface ManagedLink {
  readonly name: string;
  readonly role: 'bridge' | 'nic' | 'pod';
  /** The bridge that took the place of a NIC. */
  readonly bridge: string;
}

export function checkManagers(managers: readonly ManagerFacts[]): Checked {
  const findings = managers.flatMap((manager) => [...fights(manager), ...mayInterfere(manager)]);
  const running = managers.map(({ name }) => name).join(' and ') || 'none';
  return { check: 'network managers', seen: `${running} running, bridge and pods left alone`, findings };
}

function fights({ name, managed }: ManagerFacts): Problem[] {
  const ours = managed.filter(({ role }) => role !== 'nic');
  if (ours.length === 0) return [];
  const names = ours.map((link) => link.name);
  const bridges = [...new Set(ours.map(({ bridge }) => bridge))];
  return [
    finding('warning', 'LINK_MANAGED', {
      found: `${name} manages ${names.slice(0, MAX_SHOWN).join(', ')}${names.length > MAX_SHOWN ? ' …' : ''}`,
      why: 'it takes off what it has not configured itself: addresses, routes, the membership in the bridge',
      mend: leaveAlone(name, bridges),
    }),
  ];
}

/** The usual state of a node: nothing is wrong until the manager touches the NIC again. */
function mayInterfere({ name, managed }: ManagerFacts): Problem[] {
  return managed
    .filter(({ role }) => role === 'nic')
    .map((link) =>
      finding('note', 'NIC_MANAGED', {
        found: `${name} manages ${link.name}, whose addresses ${link.bridge} has`,
        why: `when ${name} is restarted it may put the addresses back on ${link.name}; the next ADD takes them off again`,
        mend: 'azure-vnet repair',
      }),
    );
}

/** NetworkManager.conf(5), systemd.network(5). */
function leaveAlone(name: ManagerName, bridges: readonly string[]): string {
  const links = [...bridges, 'azv*'];
  if (name === 'NetworkManager') {
    const devices = links.map((link) => `interface-name:${link}`).join(';');
    return (
      `printf '[keyfile]\\nunmanaged-devices=${devices}\\n' > /etc/NetworkManager/conf.d/99-azure-vnet.conf` +
      ' && systemctl reload NetworkManager'
    );
  }
  return (
    `printf '[Match]\\nName=${links.join(' ')}\\n[Link]\\nUnmanaged=yes\\n' > /etc/systemd/network/05-azure-vnet.network` +
    ' && networkctl reload'
  );
}

const MAX_SHOWN = 3;
