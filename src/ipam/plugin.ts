/** azure-vnet-ipam on Linux: what there is of interfaces, rtnetlink tells. */
import type { CniPlugin } from '../cni/types.ts';
import { LocalNetwork } from '../net/local.ts';
import { ipamPlugin } from './ipam-plugin.ts';

export const azureVnetIpam: CniPlugin = ipamPlugin((sys) => new LocalNetwork(sys));
