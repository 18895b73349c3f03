/** The flags of `azure-vnet cluster`: loaded with the list of commands, so without anything of the library. */
import { type Cidr, parseCidr } from '../../net/cidr.ts';
import type { Flag } from '../command.ts';

export const STRICT_FLAG: Flag = {
  name: 'strict',
  help: 'Status 1 also when there are warnings.',
};
export const SVG_FLAG: Flag = { name: 'svg', help: "Prints a picture (SVG) of the subnets' use." };
export const ADDRESSES_FLAG: Flag = {
  name: 'addresses',
  help: 'Prints a line for every address.',
};
export const SUBNET_FLAG: Flag = {
  name: 'subnet',
  value: 'NAME=RANGE',
  help: 'Range of a subnet that the definition only names; several are possible.',
  repeats: true,
  accepts: {
    test: (text) => text.split(',').every((one) => subnetOf(one) !== undefined),
    expected: 'the name of a subnet and its range, as in agents=10.0.16.0/20',
  },
};

export const OUTPUT_FLAG: Flag = {
  name: 'output',
  short: 'o',
  value: 'DIR',
  help: 'Directory for the files; empty, or not there yet. generate needs it.',
  accepts: { test: (text) => text !== '', expected: 'a directory' },
};
export const FORCE_FLAG: Flag = {
  name: 'force',
  help: 'Replaces what an earlier generate has written.',
};
export const RELEASES_FLAG: Flag = {
  name: 'releases-url',
  value: 'URL',
  help: 'Nodes get VERSION/install-cni-plugin.sh and archives from there.',
  accepts: {
    test: (text) => /^https?:\/\/[\w.:/~%+-]+$/.test(text),
    expected: 'a URL such as https://example.com/releases/download',
  },
};
const SUM = { test: (text: string) => /^[0-9a-f]{64}$/.test(text), expected: '64 digits of 0-9 and a-f' };
export const INSTALLER_FLAG: Flag = {
  name: 'installer-sha256',
  value: 'SUM',
  help: 'SHA-256 of install-cni-plugin.sh; nodes run no other.',
  accepts: SUM,
};
export const WINDOWS_INSTALLER_FLAG: Flag = {
  name: 'windows-installer-sha256',
  value: 'SUM',
  help: 'The same of install-cni-plugin.ps1.',
  accepts: SUM,
};

/** All but --json, each with the only action that it goes with. */
export const FLAGS: readonly Flag[] = [
  { ...STRICT_FLAG, only: ['validate'] },
  ...[ADDRESSES_FLAG, SVG_FLAG].map((flag) => ({ ...flag, only: ['plan'] })),
  ...[OUTPUT_FLAG, FORCE_FLAG, RELEASES_FLAG, INSTALLER_FLAG, WINDOWS_INSTALLER_FLAG].map((flag) => ({
    ...flag,
    only: ['generate'],
  })),
];

export function subnetOf(word: string): { readonly name: string; readonly range: Cidr } | undefined {
  const [, name = '', text = ''] = /^([^=]+)=(.+)$/.exec(word) ?? [];
  const range = parseCidr(text);
  return range === undefined ? undefined : { name, range };
}
