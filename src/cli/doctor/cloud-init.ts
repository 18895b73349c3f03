/** Check "pool addresses": does the host itself have addresses that are for pods? */
import { formatCidr, formatIpv4Net, type Ipv4Net, networkOf } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

/** An address of a pool on an interface of the host. */
export interface StolenAddress {
  readonly net: Ipv4Net;
  readonly link: string;
  /** The configuration file that names the address, if one does. */
  readonly file?: string;
  /** Of the node itself, when both are on a bridge and in one subnet. */
  readonly own?: Ipv4Net;
}

export function checkStolenAddresses(stolen: readonly StolenAddress[], poolSize: number): Checked {
  const links = [...new Set(stolen.map(({ link }) => link))];
  const findings = links.map((link): Problem => {
    const here = stolen.filter((one) => one.link === link);
    const files = [...new Set(here.flatMap(({ file }) => file ?? []))];
    const shown = here.slice(0, MAX_SHOWN).map(({ net }) => formatIpv4Net(net));
    const more = here.length > MAX_SHOWN ? ` and ${here.length - MAX_SHOWN} more` : '';
    const by = files.length === 0 ? '' : `, put there by ${files.join(', ')}`;
    return finding('error', 'POOL_ADDRESS_ON_HOST', {
      found: `${shown.join(', ')}${more} of the pool ${here.length === 1 ? 'is' : 'are'} on ${link}${by}`,
      why: 'the host answers for them, so no pod gets them; cloud-init puts every ipconfig on the NIC',
      mend: [
        "echo 'datasource: {Azure: {apply_network_config_for_secondary_ips: false}}' > /etc/cloud/cloud.cfg.d/99-azure-vnet.cfg",
        // Otherwise the node's own address goes as well, when it is not the first one of the subnet.
        `sysctl -q -w net/ipv4/conf/${link}/promote_secondaries=1`,
        ...shown.map((net) => `ip address delete ${net} dev ${link}`),
        ...subnetRoute(here),
      ].join(' && '),
    });
  });
  return {
    check: 'pool addresses',
    seen: `none of ${poolSize} addresses is on an interface of the host`,
    findings,
  };
}

/** The kernel makes none for the addresses of our bridges; the one that there is goes with the address that it names. */
function subnetRoute(stolen: readonly StolenAddress[]): string[] {
  const found = stolen.find(({ own }) => own !== undefined);
  if (found?.own === undefined) return [];
  const route = `${formatCidr(networkOf(found.own))} dev ${found.link} proto kernel scope link`;
  return [`ip route replace ${route} src ${formatIpv4(found.own.address)}`];
}

/** The same for each further one; nobody types a longer line. */
const MAX_SHOWN = 8;
