/** Check "network managers": does one of them take our links for its own? */
import { NETWORKD_DIRECTORY, networkdFile } from '../../vnet/networkd.ts';
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

/** NetworkManager has its own opinion of a NIC; systemd-networkd is told at the first ADD, by a file that is missing here. */
function mayInterfere({ name, managed }: ManagerFacts): Problem[] {
  return managed
    .filter(({ role }) => role === 'nic')
    .map((link) => {
      const found = `${name} manages ${link.name}, whose addresses ${link.bridge} has`;
      return name === 'NetworkManager'
        ? finding('note', 'NIC_MANAGED', {
            found,
            why: `when ${name} is restarted it may put the addresses back on ${link.name}; the next ADD takes them off again`,
            mend: 'azure-vnet repair',
          })
        : finding('warning', 'NIC_MANAGED', {
            found,
            why: `when ${name} is restarted it takes ${link.name} out of ${link.bridge}: node and pods are off the network until the next ADD`,
            mend: `mkdir -p ${NETWORKD_DIRECTORY} && printf '${unmanaged([link.name, link.bridge, 'azv*'])}' > ${networkdFile(link.bridge)}`,
          });
    });
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
  return `printf '${unmanaged(links)}' > /etc/systemd/network/05-azure-vnet.network && networkctl reload`;
}

function unmanaged(links: readonly string[]): string {
  return `[Match]\\nName=${links.join(' ')}\\n[Link]\\nUnmanaged=yes\\n`;
}

const MAX_SHOWN = 3;
