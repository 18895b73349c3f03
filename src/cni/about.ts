/** What a plugin says of itself to whoever calls it without a command. */
import { CNI_VERSIONS, type CniPlugin } from './types.ts';

export function aboutText(name: CniPlugin['name']): string {
  const versions = CNI_VERSIONS.join(', ');
  return `${name}: CNI plugin, ${PURPOSE[name]}\nCNI protocol versions supported: ${versions}\n`;
}

const PURPOSE = {
  'azure-vnet': 'connects containers to the Azure Virtual Network',
  'azure-vnet-ipam': 'hands out the secondary addresses of the VM',
};
