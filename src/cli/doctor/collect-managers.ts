/**
 * Which network managers run, and which of our links they manage: from the files that they keep under /run. A NIC that
 * systemd-networkd will leave alone when it starts again is not one of them.
 */
import type { Sys } from '../../sys/sys.ts';
import { networkdFile } from '../../vnet/networkd.ts';
import { exists, readIfAny } from '../files.ts';
import type { NodeFacts } from '../node/facts.ts';
import type { ManagedLink, ManagerFacts, ManagerName } from './managers.ts';
import { processesNamed } from './processes.ts';

interface Manager {
  readonly name: ManagerName;
  /** What the file of a link says, by the link's index. */
  readonly file: (index: number) => string;
  readonly says: RegExp;
}

const NETWORKD = 'systemd-networkd';

const MANAGERS: readonly Manager[] = [
  {
    name: 'NetworkManager',
    file: (index) => `/run/NetworkManager/devices/${index}`,
    says: /^managed=(true|yes|1)$/m,
  },
  {
    name: NETWORKD,
    file: (index) => `/run/systemd/netif/links/${index}`,
    says: /^ADMIN_STATE=(configuring|configured|failed)$/m,
  },
];

export function collectManagers(sys: Sys, node: Pick<NodeFacts, 'networks' | 'endpoints'>): ManagerFacts[] {
  const links = ourLinks(node);
  return MANAGERS.filter(({ name }) => processesNamed(sys, name).length > 0).map(({ name, file, says }) => ({
    name,
    managed: links
      .filter(({ index }) => says.test(readIfAny(sys, file(index)) ?? ''))
      .map(({ link }) => link)
      .filter(
        ({ role, bridge }) => role !== 'nic' || name !== NETWORKD || !exists(sys, networkdFile(bridge)),
      ),
  }));
}

function ourLinks({ networks, endpoints }: Pick<NodeFacts, 'networks' | 'endpoints'>) {
  const links: { readonly index: number; readonly link: ManagedLink }[] = [];
  for (const { record, bridge, nic } of networks) {
    const name = record.bridge;
    if (bridge !== undefined)
      links.push({ index: bridge.index, link: { name, role: 'bridge', bridge: name } });
    const isPort = nic !== undefined && nic.masterIndex === bridge?.index;
    if (isPort) links.push({ index: nic.index, link: { name: nic.name, role: 'nic', bridge: name } });
  }
  for (const { record, link } of endpoints) {
    if (link === undefined) continue;
    links.push({ index: link.index, link: { name: link.name, role: 'pod', bridge: record.bridge } });
  }
  return links;
}
