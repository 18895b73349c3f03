/** The files of a node that do not depend on how they get there. */
import { type Cidr, formatCidr } from '../../net/cidr.ts';
import type { ClusterDefinition } from '../definition.ts';
import { conflistFor } from './conflist.ts';
import { kubeletEnvironment, kubeletFlags } from './kubelet.ts';
import type { NodeGroup } from './profile.ts';

export interface NodeTexts {
  readonly conflist: string;
  /** One range per line, for `azure-vnet snat apply`; traffic to everything else leaves with the node's address. */
  readonly snatRanges: string;
  /** On Linux an environment file of systemd, on Windows one flag per line. */
  readonly kubelet: string;
}

export function nodeTexts(definition: ClusterDefinition, { osType, profile }: NodeGroup): NodeTexts {
  const flags = kubeletFlags(definition, profile, osType);
  const lines = [...flags].map(([name, value]) => `${name}=${value}\n`);
  return {
    conflist: conflistFor(osType, definition.network, profile.subnet),
    snatRanges: snatRanges(definition)
      .map((range) => `${formatCidr(range)}\n`)
      .join(''),
    kubelet: osType === 'Windows' ? lines.join('') : kubeletEnvironment(flags),
  };
}

/** Where pods are known under their own address: the virtual network. */
function snatRanges({ network }: ClusterDefinition): Cidr[] {
  return [network.vnetCidr];
}
