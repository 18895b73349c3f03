/**
 * Docker sets the policy of chain FORWARD to DROP, and loads br_netfilter, by which frames that cross a bridge meet
 * that chain: its containers would have an address and reach nobody. So what crosses our bridge is accepted, by a
 * rule at the end of the chain: every other rule comes before it.
 */
import { ok, type Result } from '../../sys/result.ts';
import type { Call } from '../command.ts';
import { collectFirewall } from '../doctor/collect-firewall.ts';
import { acrossBridge, closedPrograms } from '../doctor/firewall.ts';
import { collectNode } from '../node/collect.ts';
import { runProgram } from '../programs.ts';
import { withForwardLock } from './locks.ts';

/** Opens the chain where it drops what containers send, and says so. They are there in any case. */
export function openForwarding(call: Call): void {
  const opened = open(call);
  const lines = opened.ok
    ? opened.value.map(
        (command) => `chain FORWARD dropped what containers send, as Docker sets it: ran ${command}`,
      )
    : [`${opened.error}; azure-vnet doctor tells more`];
  call.out.complain(lines.map((line) => `azure-vnet: ${line}\n`).join(''));
}

/** The commands that were run. */
function open({ sys, log }: Call): Result<readonly string[], string> {
  return withForwardLock(sys, () => {
    const firewall = collectFirewall(sys, collectNode(sys));
    const done: string[] = [];
    for (const program of closedPrograms(firewall)) {
      for (const bridge of firewall.bridges) {
        const rule = ['-A', 'FORWARD', ...acrossBridge(bridge), '-j', 'ACCEPT'];
        const added = runProgram(sys, [program, '-w', '5', ...rule]);
        if (!added.ok) return added;
        done.push([program, ...rule].join(' '));
        log.note('info', `ran ${done.at(-1)}`);
      }
    }
    return ok(done);
  });
}
