/** The rules see what crosses the bridge only while the kernel has br_netfilter; not every runtime loads it. */
import type { Call } from '../command.ts';
import { readIfAny } from '../files.ts';
import { CHANGE_LIMIT_MS, runProgram } from '../programs.ts';
import { isDry } from './carry-out.ts';

const SETTING = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const LOAD = ['modprobe', 'br_netfilter'] as const;

/**
 * Loads br_netfilter where it is missing, which switches its use by iptables on. Where somebody has switched that off, as
 * libvirt does for its guests, it is left alone and only said.
 */
export function letRulesSeeBridges(call: Call): void {
  const { sys, out, log } = call;
  const command = LOAD.join(' ');
  if (readIfAny(sys, SETTING) === undefined) {
    if (isDry(call)) {
      out.print(`would run ${command}: without it the rules do not meet what crosses the bridge\n`);
      return;
    }
    const loaded = runProgram(sys, LOAD, '', CHANGE_LIMIT_MS);
    if (loaded.ok) {
      log.note('info', `ran ${command}`);
      out.print(`ran ${command}: without it the rules do not meet what crosses the bridge\n`);
    } else out.complain(`azure-vnet: ${loaded.error}\n`);
  }
  if (isDry(call) || readIfAny(sys, SETTING)?.trim() === '1') return;
  out.print(
    'note: what crosses the bridge does not meet these rules yet; azure-vnet doctor says how it does\n',
  );
}
