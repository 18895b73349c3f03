/** systemd-networkd may have the NIC again: what told it to leave it alone goes, and one that runs is told. */
import { removeRecord } from '../../state/records.ts';
import type { Sys } from '../../sys/sys.ts';
import { networkdFile } from '../../vnet/networkd.ts';
import { runProgram } from '../programs.ts';

/** What was done, one line each; nothing where there was no declaration. One that does not answer stops nothing. */
export function letNetworkdIn(sys: Sys, bridge: string): string[] {
  const path = networkdFile(bridge);
  if (!removeRecord(sys, path)) return [];
  const reloaded = runProgram(sys, ['networkctl', 'reload']);
  return [`removed ${path}`, reloaded.ok ? 'ran networkctl reload' : `note: ${reloaded.error}`];
}
