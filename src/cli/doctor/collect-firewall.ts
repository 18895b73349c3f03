/** Asks iptables and the kernel's settings. */
import type { Sys } from '../../sys/sys.ts';
import { readIfAny } from '../files.ts';
import type { NodeFacts } from '../node/facts.ts';
import { findProgram, runProgram } from '../programs.ts';
import type { FirewallFacts, IptablesFacts } from './firewall.ts';

export function collectFirewall(sys: Sys, node: Pick<NodeFacts, 'networks' | 'pools'>): FirewallFacts {
  const iptables: IptablesFacts[] = [];
  const unasked: string[] = [];
  for (const program of programsInUse(sys)) {
    const forward = runProgram(sys, [program, '-w', '5', '-S', 'FORWARD']);
    const nat = runProgram(sys, [program, '-w', '5', '-t', 'nat', '-S']);
    if (!forward.ok) unasked.push(forward.error);
    else if (!nat.ok) unasked.push(nat.error);
    else iptables.push({ program, forward: linesOf(forward.value), nat: linesOf(nat.value) });
  }
  const ipForward = readIfAny(sys, '/proc/sys/net/ipv4/ip_forward')?.trim();
  const bridgeNetfilter = readIfAny(sys, '/proc/sys/net/bridge/bridge-nf-call-iptables')?.trim();
  return {
    iptables,
    unasked,
    ...(ipForward === undefined ? {} : { ipForward }),
    ...(bridgeNetfilter === undefined ? {} : { bridgeNetfilter }),
    subnets: [
      ...node.networks.map(({ record }) => record.subnet),
      ...node.pools.map(({ pool }) => pool.subnet),
    ],
    bridges: node.networks.map(({ record }) => record.bridge),
  };
}

/**
 * The iptables that is used here, and the other of the two when it has rules. The legacy one is asked only when
 * its tables are there: it would make them.
 */
function programsInUse(sys: Sys): string[] {
  const legacyTables = linesOf(readIfAny(sys, '/proc/net/ip_tables_names') ?? '');
  const usual = runProgram(sys, ['iptables', '--version']);
  const isLegacy = usual.ok && usual.value.includes('(legacy)');
  const programs: string[] = [];
  if (usual.ok && (!isLegacy || legacyTables.length > 0)) programs.push('iptables');
  const other = isLegacy ? 'iptables-nft' : 'iptables-legacy';
  const otherInUse = isLegacy || legacyTables.length > 0;
  if (otherInUse && findProgram(sys, other) !== undefined) programs.push(other);
  return programs;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
