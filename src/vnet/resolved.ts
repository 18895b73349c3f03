/**
 * DNS servers that systemd-resolved knows for the NIC: a link without addresses is not asked, so the
 * bridge gets the same servers and domains. Only once, when the bridge is made; without
 * systemd-resolved there is nothing to do. resolvectl(1)
 */
import type { PluginContext } from '../cni/types.ts';
import { exists } from '../sys/exists.ts';
import { type Sys, SysError } from '../sys/sys.ts';

/** Exists while systemd-resolved runs. */
const RESOLVED_RUNTIME = '/run/systemd/resolve/resolv.conf';
const RESOLVECTL = '/usr/bin/resolvectl';
const TIMEOUT_MS = 2000;
const MAX_OUTPUT_BYTES = 65536;

/** Copies all servers and domains; what cannot be copied is noted, the network works without. */
export function copyLinkDns({ sys, log }: PluginContext, nic: string, bridge: string): void {
  if (!exists(sys, RESOLVED_RUNTIME) || !exists(sys, RESOLVECTL)) return;
  for (const verb of ['dns', 'domain']) {
    const shown = run(sys, [RESOLVECTL, verb, nic]);
    const values = shown.ok ? valuesOf(shown.text) : [];
    if (shown.ok && values.length === 0) continue;
    const set = shown.ok ? run(sys, [RESOLVECTL, verb, bridge, ...values]) : shown;
    if (!set.ok) {
      log.note(
        'warn',
        `systemd-resolved: the ${verb} settings of ${nic} were not copied to ${bridge}: ${set.text}`,
      );
    }
  }
}

/** "Link 2 (eth0): 168.63.129.16 10.0.0.10" → the words after the colon. */
export function valuesOf(line: string): string[] {
  return line.split('):')[1]?.match(/\S+/g) ?? [];
}

function run(sys: Sys, argv: readonly string[]): { readonly ok: boolean; readonly text: string } {
  try {
    const result = sys.spawn({
      argv,
      env: { LC_ALL: 'C' },
      stdin: '',
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (result.status === 0) return { ok: true, text: result.stdout };
    return { ok: false, text: result.timedOut ? `no answer in ${TIMEOUT_MS} ms` : result.stderr.trim() };
  } catch (error) {
    if (error instanceof SysError) return { ok: false, text: error.message };
    throw error;
  }
}
