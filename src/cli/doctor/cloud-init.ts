/** Check "pool addresses": does the host itself have addresses that are for pods? */
import { formatIpv4Net, type Ipv4Net } from '../../net/cidr.ts';
import type { Problem } from '../node/problem.ts';
import { type Checked, finding } from './finding.ts';

/** An address of a pool on an interface of the host. */
export interface StolenAddress {
  readonly net: Ipv4Net;
  readonly link: string;
  /** The configuration file that names the address, if one does. */
  readonly file?: string;
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
        ...shown.map((net) => `ip address delete ${net} dev ${link}`),
      ].join(' && '),
    });
  });
  return {
    check: 'pool addresses',
    seen: `none of ${poolSize} addresses is on an interface of the host`,
    findings,
  };
}

/** The same for each further one; nobody types a longer line. */
const MAX_SHOWN = 8;
