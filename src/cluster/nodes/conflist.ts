/** The network configuration of a node: 10-azure.conflist. */
import { formatCidr } from '../../net/cidr.ts';
import { formatIpv4 } from '../../net/ipv4.ts';
import type { ClusterNetwork, OsType, Subnet } from '../definition.ts';

export function conflistFor(osType: OsType, network: ClusterNetwork, subnet: Subnet): string {
  return osType === 'Windows' ? windowsConflist(network, subnet) : LINUX_CONFLIST;
}

/**
 * Byte for byte what the installer brings (conf/10-azure.conflist): a file that differs is the user's own to it,
 * and an upgrade would leave it alone.
 */
const LINUX_CONFLIST = `{
\t   "cniVersion":"0.3.0",
\t   "name":"azure",
\t   "plugins":[
\t      {
\t         "type":"azure-vnet",
\t         "mode":"bridge",
\t         "bridge":"azure0",
\t         "ipam":{
\t            "type":"azure-vnet-ipam"
\t         }
\t      },
\t      {
\t         "type":"portmap",
\t         "capabilities":{
\t            "portMappings":true
\t         },
\t         "snat":true
\t      }
\t   ]
}
`;

/** Windows translates addresses by itself; the exceptions are what pods reach under their own address. */
function windowsConflist(network: ClusterNetwork, subnet: Subnet): string {
  const ranges = [network.clusterSubnet, subnet.cidr, network.vnetCidr].map(formatCidr);
  const policy = (value: object): object => ({ Name: 'EndpointPolicy', Value: value });
  const plugin = {
    type: 'azure-vnet',
    mode: 'bridge',
    bridge: 'azure0',
    capabilities: { portMappings: true, dns: true },
    ipam: { type: 'azure-vnet-ipam' },
    dns: {
      Nameservers: [formatIpv4(network.dnsServiceIp), '168.63.129.16'],
      Search: ['svc.cluster.local'],
    },
    AdditionalArgs: [
      policy({ Type: 'OutBoundNAT', ExceptionList: [...new Set(ranges)] }),
      policy({ Type: 'ROUTE', DestinationPrefix: formatCidr(network.serviceCidr), NeedEncap: true }),
    ],
  };
  return `${JSON.stringify({ cniVersion: '0.3.0', name: 'azure', plugins: [plugin] }, null, 2)}\n`;
}
