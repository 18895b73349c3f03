/**
 * The two iptables: the one over nf_tables and the legacy one. Each has tables of its own, and the kernel obeys
 * both. Rules go to the one that `iptables` is here; what is ours in the other one is taken away, or a packet
 * would meet rules of an earlier setting.
 */
import { err, ok, type Result } from '../../sys/result.ts';
import type { Sys } from '../../sys/sys.ts';
import { readIfAny } from '../files.ts';
import { CHANGE_LIMIT_MS, findProgram, runProgram } from '../programs.ts';
import { restoreInput } from './plan.ts';
import { type Present, readPresent } from './rules.ts';

/** How long iptables waits for another one that is at work. */
const WAIT_S = '5';

export interface Variant {
  /** `iptables`, `iptables-nft` or `iptables-legacy`. */
  readonly program: string;
  readonly present: Present;
}

/** The usual one first, then the other one if it has tables; an error is one line. */
export function readVariants(sys: Sys): Result<readonly [Variant, ...Variant[]], string> {
  const version = runProgram(sys, ['iptables', '--version'], '', CHANGE_LIMIT_MS);
  if (!version.ok) {
    const missing = findProgram(sys, 'iptables') === undefined;
    return err(missing ? `${version.error}: install it (apt-get install iptables)` : version.error);
  }
  const usual = readVariant(sys, 'iptables');
  if (!usual.ok) return usual;
  const other = version.value.includes('nf_tables') ? 'iptables-legacy' : 'iptables-nft';
  if (findProgram(sys, other) === undefined || (other === 'iptables-legacy' && !hasLegacyNat(sys))) {
    return ok([usual.value]);
  }
  const second = readVariant(sys, other);
  return second.ok ? ok([usual.value, second.value]) : second;
}

export function restoreArgv({ program }: Variant): string[] {
  return [`${program}-restore`, '-w', WAIT_S, '-n'];
}

/** Applies the lines of a plan, all or none. */
export function restore(sys: Sys, variant: Variant, lines: readonly string[]): Result<string, string> {
  return runProgram(sys, restoreArgv(variant), restoreInput(lines), CHANGE_LIMIT_MS);
}

function readVariant(sys: Sys, program: string): Result<Variant, string> {
  const listed = runProgram(sys, [program, '-w', WAIT_S, '-t', 'nat', '-S'], '', CHANGE_LIMIT_MS);
  return listed.ok ? ok({ program, present: readPresent(listed.value) }) : listed;
}

/** Asked without need, the legacy one would make its tables. */
function hasLegacyNat(sys: Sys): boolean {
  return (readIfAny(sys, '/proc/net/ip_tables_names') ?? '').split('\n').includes('nat');
}
