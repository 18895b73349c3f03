/** What a lab could leave behind in the machine's own namespaces. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mustRun } from '../host/run.ts';

/** Links, addresses, mounts and named namespaces, as text to compare. */
export async function machineState(): Promise<string> {
  const addresses = await mustRun(['ip', '-o', 'addr']);
  const links = await mustRun(['ip', '-br', 'link']);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const names = existsSync('/run/netns') ? readdirSync('/run/netns').join('\n') : '';
  return [withoutLifetimes(addresses), links, mounts, names].join('\n');
}

/** Addresses from DHCP count down; that is no change. */
function withoutLifetimes(text: string): string {
  return text.replace(/(valid_lft|preferred_lft) \d+sec/g, '$1');
}
