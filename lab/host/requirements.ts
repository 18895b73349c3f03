/** What the lab needs from the machine; each complaint says what to do. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LabError } from '../error.ts';

/** Throws a LabError when not root or when a program is missing. */
export function checkRequirements(): void {
  if (process.platform !== 'linux')
    throw new LabError('The lab needs Linux: it is made of network namespaces.');
  if (process.getuid?.() !== 0) {
    throw new LabError('The lab makes network namespaces and needs root: run the same command with sudo.');
  }
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isOnPath(program));
  if (missing.length === 0) return;
  const names = missing.map(([program]) => program).join(', ');
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new LabError(`The lab needs ${names}, not found on PATH: apt-get install ${packages}`);
}

function isOnPath(program: string): boolean {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Program → Debian package. */
const PROGRAMS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  nft: 'nftables',
  iptables: 'iptables',
  sysctl: 'procps',
  modprobe: 'kmod',
  ping: 'iputils-ping',
  busybox: 'busybox-static',
};
