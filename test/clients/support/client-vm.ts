/** A VM of the lab made ready for a client, as the page says: plugins in /opt/cni/bin, conflist in /etc/cni/net.d. */
import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, Vm } from '../../../lab/lab.ts';
import type { VmOptions } from '../../../lab/vm/make.ts';
import { BIN } from '../../e2e/support/tool.ts';
import { cgroupParent, removeCgroups } from './cgroups.ts';
import { imageArchive } from './image.ts';

/** Where a client keeps what it stores: a tmpfs, on which overlay file systems can be mounted. */
export const WORK = '/run/clients';
export const PLUGINS = '/opt/cni/bin';
export const CONFLIST = '/etc/cni/net.d/10-azure.conflist';
/** The image, as a file of the VM. */
export const ARCHIVE = `${WORK}/image.tar`;

export async function clientVm(lab: Lab, options: VmOptions = {}): Promise<Vm> {
  const vm = await bareVm(lab, options);
  installPlugins(vm);
  return vm;
}

/** The same without plugins; the image is there. */
export async function bareVm(lab: Lab, options: VmOptions): Promise<Vm> {
  const vm = await lab.addVm({ cniPath: [PLUGINS], ...options });
  await prepare(vm);
  return vm;
}

/** Gives a VM that was made otherwise what a client needs: a place to work, the image, and no plugins. */
export async function prepare(vm: Vm): Promise<void> {
  if (!existsSync('/opt'))
    throw new Error('This machine has no /opt, on which a VM could have its own: mkdir /opt');
  // What the machine itself has in its /opt is under that of the VM.
  rmSync(vm.path('/opt/cni'), { recursive: true, force: true });
  mkdirSync(vm.path(WORK));
  writeFileSync(vm.path(ARCHIVE), await imageArchive());
}

export function installPlugins(vm: Vm): void {
  const plugin = (name: string) => vm.path(join(PLUGINS, name));
  mkdirSync(vm.path(PLUGINS), { recursive: true });
  copyFileSync(`${BIN}/azure-vnet`, plugin('azure-vnet'));
  linkSync(plugin('azure-vnet'), plugin('azure-vnet-ipam'));
  for (const name of ['portmap', 'loopback']) copyFileSync(`/usr/lib/cni/${name}`, plugin(name));
}

/** Replaces the VM's network configuration. */
export function writeConflist(vm: Vm, text: string): void {
  writeFileSync(vm.path(CONFLIST), text);
}

/** Takes the lab down with all that runs in it. */
export async function closeClients(lab: Lab): Promise<void> {
  await lab.close();
  await removeCgroups(cgroupParent(lab));
}
