/** IPAM for azure-vnet on Linux. */
import { azureVnetIpam } from '../ipam/plugin.ts';
import { ipamThrough } from '../ipam/through.ts';

export { type Ipam, isHere, OWN_IPAM } from '../ipam/through.ts';

/** IPAM of the type; our own is told the subnet and the NIC of a network that is known already. */
export const ipamOf = ipamThrough.bind(null, azureVnetIpam);
