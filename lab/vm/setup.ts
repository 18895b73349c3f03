/** A VM from the inside: its private directories, and its NICs as Azure's DHCP leaves them. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayText, prefixBitsOf } from '../addresses.ts';
import { LabError } from '../error.ts';
import { type Anchor, inside, pathInside } from '../host/anchor.ts';
import { ipBatch, sysctl } from '../host/ip.ts';
import { TMPFS_OPTIONS } from '../host/private-run.ts';
import { mustRun } from '../host/run.ts';
import { IMDS_ADDRESS, type NicState, WIRESERVER_ADDRESS } from '../model.ts';

/**
 * Gives the VM its own /etc, /var, /opt and /sys, after its own /run. /etc, /var and /opt are the machine's with
 * a private layer on top: programs find what they need and nothing that is written reaches the machine.
 */
export async function setUpFiles(vm: Anchor, hostname: string): Promise<void> {
  const mount = (...args: string[]): Promise<string> => mustRun(inside(vm, ['mount', ...args]));
  const layered = LAYERED.filter((name) => existsSync(`/${name}`));
  const layerPath = (name: string): string => `/run/lab/${name}`;
  const directories = layered.flatMap((name) => [layerPath(name), layerPath(`${name}.work`)]);
  await mustRun(inside(vm, ['mkdir', '-p', ...directories, CGROUP]));
  for (const name of layered) {
    const layers = `lowerdir=/${name},upperdir=${layerPath(name)},workdir=${layerPath(`${name}.work`)}`;
    await mount('-t', 'overlay', '-o', layers, 'overlay', `/${name}`);
  }
  // What the machine itself knows of CNI or has logged is not the VM's business.
  for (const path of ['/etc/cni', '/var/lib/cni', '/var/log']) {
    await mount('-t', 'tmpfs', '-o', `${TMPFS_OPTIONS},x-mount.mkdir`, 'tmpfs', path);
  }
  await mustRun(inside(vm, ['mkdir', '-p', '/etc/cni/net.d']));
  // /sys shows the interfaces of the namespace it was mounted in; the control groups are mounts on it.
  await mount('--rbind', '/sys/fs/cgroup', CGROUP);
  await mount('-t', 'sysfs', 'sysfs', '/sys');
  await mount('--rbind', CGROUP, '/sys/fs/cgroup');
  writeInside(vm, '/etc/resolv.conf', `nameserver ${WIRESERVER_ADDRESS}\n`);
  writeInside(vm, '/etc/hosts', `127.0.0.1 localhost ${hostname}\n`);
}

/** Brings the NICs up. The secondary ipconfigs are not put on them: they are for the pods. */
export async function setUpNetwork(vm: Anchor, hostname: string, nics: readonly NicState[]): Promise<void> {
  await sysctl(vm, [`kernel.hostname=${hostname}`, 'net.ipv4.ip_forward=1']);
  await ipBatch(vm, ['link set lo up', ...nics.flatMap(nicCommands)]);
}

/**
 * Waits until the kernel takes the NICs for operational, as those of a machine that has booted are: it finds out
 * in a work item, which a busy machine runs late, and a bridge opens no port before.
 */
export async function waitForCarrier(vm: Anchor, nics: readonly NicState[]): Promise<void> {
  const deadline = performance.now() + CARRIER_TIMEOUT_MS;
  for (const { name } of nics) {
    const path = pathInside(vm, `/sys/class/net/${name}/operstate`);
    while (readFileSync(path, 'utf8') !== 'up\n') {
      if (performance.now() > deadline) throw new LabError(`The NIC ${name} has no carrier.`);
      await sleep(CARRIER_POLL_MS);
    }
  }
}

/** The rule of the deployment page: pods reach what is outside the VNet with the VM's address. */
export async function addMasquerade(vm: Anchor, vnet: string): Promise<void> {
  const notWireserver = ['-m', 'iprange', '!', '--dst-range', WIRESERVER_ADDRESS];
  const notLocal = ['-m', 'addrtype', '!', '--dst-type', 'local'];
  const rule = [...notWireserver, ...notLocal, '!', '-d', vnet, '-j', 'MASQUERADE'];
  await mustRun(inside(vm, ['iptables', '-w', '5', '-t', 'nat', '-A', 'POSTROUTING', ...rule]));
}

/** Writes a file in the VM; a symbolic link of that name is replaced, not followed. */
export function writeInside(vm: Anchor, path: string, content: string): void {
  const direct = pathInside(vm, path);
  rmSync(direct, { force: true });
  writeFileSync(direct, content, { mode: 0o644, flag: 'wx' });
}

/**
 * As systemd-networkd has it after Azure's DHCP: metric 100 also on the connected route, the gateway,
 * the wireserver and IMDS as host routes. Only the first NIC gets routes beyond its subnet.
 */
function nicCommands(nic: NicState, index: number): string[] {
  const { name, primary } = nic;
  const gateway = gatewayText(nic.subnet);
  const route = `dev ${name} proto dhcp src ${primary} metric ${100 * (index + 1)}`;
  const up = [
    `link set ${name} up`,
    `addr add ${primary}/${prefixBitsOf(nic.subnet)} brd + dev ${name} metric ${100 * (index + 1)}`,
  ];
  if (index > 0) return up;
  return [
    ...up,
    `route add ${gateway} ${route} scope link`,
    `route add default via ${gateway} ${route}`,
    `route add ${WIRESERVER_ADDRESS} via ${gateway} ${route}`,
    `route add ${IMDS_ADDRESS} via ${gateway} ${route}`,
  ];
}

const CARRIER_TIMEOUT_MS = 30_000;
const CARRIER_POLL_MS = 2;
const LAYERED = ['etc', 'var', 'opt'];
const CGROUP = '/run/lab/cgroup';
