/** Finds addresses of the pools on the host, and the file that put them there. */
import type { PluginContext } from '../../cni/types.ts';
import { cidrEquals, type Ipv4Net, networkOf } from '../../net/cidr.ts';
import type { Ipv4 } from '../../net/ipv4.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { Sys } from '../../sys/sys.ts';
import { readHostLinks, Sockets } from '../../vnet/host-links.ts';
import { namesIn, readIfAny } from '../files.ts';
import type { StolenAddress } from './cloud-init.ts';

/** Where cloud-init and those it writes for keep the addresses of interfaces. */
const CONFIG_DIRECTORIES = [
  '/etc/netplan',
  '/run/netplan',
  '/etc/network/interfaces.d',
  '/etc/systemd/network',
  '/run/systemd/network',
  '/etc/sysconfig/network-scripts',
  '/etc/NetworkManager/system-connections',
  '/run/NetworkManager/system-connections',
] as const;

export function collectStolenAddresses(context: PluginContext, pool: ReadonlySet<Ipv4>): StolenAddress[] {
  const host = readHostLinks(new Sockets(context).route);
  const stolen: StolenAddress[] = [];
  for (const link of host.links) {
    const addresses = host.addresses.get(link.index) ?? [];
    for (const net of addresses) {
      if (!pool.has(net.address)) continue;
      const file = fileWith(context.sys, formatIpv4(net.address));
      const isBeside = (other: Ipv4Net) =>
        !pool.has(other.address) && cidrEquals(networkOf(other), networkOf(net));
      const own = link.kind === 'bridge' ? addresses.find(isBeside) : undefined;
      stolen.push({ net, link: link.name, ...(file && { file }), ...(own && { own }) });
    }
  }
  return stolen;
}

function fileWith(sys: Sys, address: string): string | undefined {
  const pattern = new RegExp(`(^|[^0-9.])${address.replace(/\./g, '\\.')}($|[^0-9.])`, 'm');
  for (const directory of CONFIG_DIRECTORIES) {
    for (const name of namesIn(sys, directory)) {
      const path = `${directory}/${name}`;
      if (pattern.test(readIfAny(sys, path) ?? '')) return path;
    }
  }
  return undefined;
}
