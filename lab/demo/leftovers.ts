/** Looks for what pods may have left behind in a VM after their DEL. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../lab.ts';

/** A pod that is gone. */
export interface Departed {
  readonly containerId: string;
  readonly address: string;
}

export interface Leftover {
  /** What was looked at. */
  readonly what: string;
  /** What was found; empty when all is well. */
  readonly found: string;
}

/**
 * Looks at links, rules, neighbours and records. DEL may leave the removal of a link to a child of its
 * own, so the links get a moment, and the record that stands for the removal.
 */
export async function findLeftovers(vm: Vm, gone: readonly Departed[]): Promise<Leftover[]> {
  const nft = await vm.mustExec(['nft', '-n', 'list', 'ruleset', 'bridge']);
  const iptables = await vm.mustExec(['iptables-save']);
  const neighbours = await vm.mustExec(['ip', 'neigh', 'show', 'nud', 'permanent']);
  const routes = await vm.mustExec(['ip', 'route', 'show', 'table', 'all']);
  return [
    { what: 'links', found: (await onceEmpty(() => strangeLinks(vm))).join(', ') },
    { what: 'namespaces', found: (await vm.mustExec(['ip', 'netns', 'list'])).trim() },
    { what: 'nf_tables', found: mentions(nft, gone) },
    { what: 'iptables rules', found: mentions(iptables, gone) },
    { what: 'neighbours, routes', found: mentions(`${neighbours}${routes}`, gone) },
    { what: 'records', found: (await onceEmpty(async () => recordsOf(vm, gone))).join(', ') },
  ];
}

/** Links that are neither the VM's own nor the bridge, which stays with the host's address. */
async function strangeLinks(vm: Vm): Promise<string[]> {
  const links = JSON.parse(await vm.mustExec(['ip', '-j', 'link'])) as { ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => !OWN_LINKS.includes(name));
}

/** What is still found when a child that removes it has had its time. */
async function onceEmpty(look: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + LINK_REMOVAL_TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(10);
  }
}

/** The lines that mention a departed pod by container id or address. */
function mentions(text: string, gone: readonly Departed[]): string {
  const isOfPod = (line: string): boolean =>
    gone.some(({ containerId, address }) => line.includes(containerId) || hasAddress(line, address));
  return text.split('\n').filter(isOfPod).join('; ').trim();
}

/** True when the address stands in the line as a whole: 10.240.0.5 is not in 10.240.0.55. */
function hasAddress(line: string, address: string): boolean {
  return line.split(/[^0-9.]/).includes(address);
}

/** Files that carry a container id, in their name or inside. */
function recordsOf(vm: Vm, gone: readonly Departed[]): string[] {
  const files = ['/run/azure-vnet', '/var/lib/cni'].flatMap((directory) => filesUnder(vm.path(directory)));
  return files.filter((file) => {
    if (isRemark(file)) return false;
    const text = `${file}\n${textOf(file)}`;
    return gone.some(({ containerId }) => text.includes(containerId));
  });
}

/** Nothing when the file has just been removed. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Two kinds of files may name a pod that is gone and hold nothing: the lock, which tells who had it
 * last, and a resting address (its name starts with ~), which tells whose it was.
 */
function isRemark(file: string): boolean {
  return file.endsWith('/run/azure-vnet/lock') || /\/run\/azure-vnet\/ipam\/leases\/~[^/]*$/.test(file);
}

function filesUnder(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const OWN_LINKS = ['lo', 'eth0', 'azure0'];
const LINK_REMOVAL_TIMEOUT_MS = 20_000;
