/**
 * Frames that cross a bridge meet iptables only while the kernel has br_netfilter: without it the SNAT rule does nothing
 * for pods. A module is loaded for the whole machine, so what it would change for the machine's own bridges is switched
 * off; every new namespace has it on.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../error.ts';
import { run } from './run.ts';

const SETTINGS = '/proc/sys/net/bridge';

/** Loads br_netfilter where it is missing; throws a LabError when it cannot. */
export async function loadBridgeNetfilter(): Promise<void> {
  if (existsSync(SETTINGS)) return;
  const { status, stderr } = await run(['modprobe', 'br_netfilter']);
  if (status !== 0 || !existsSync(SETTINGS)) {
    throw new LabError(
      `The lab needs the kernel module br_netfilter; \`modprobe br_netfilter\` said: ${stderr.trim() || 'nothing'}`,
    );
  }
  for (const name of readdirSync(SETTINGS)) {
    if (name.startsWith('bridge-nf-call-')) writeFileSync(join(SETTINGS, name), '0');
  }
}
