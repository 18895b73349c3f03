/** Single attempts to reach something, from a VM, a pod or the internet. */
import type { RunOptions, RunResult } from '../host/run.ts';

/** A place that programs can be run in. */
export interface Prober {
  exec(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** The answer to an HTTP GET without its line end; undefined when there is none. */
export async function httpGet(from: Prober, url: string): Promise<string | undefined> {
  const { status, stdout } = await from.exec(['busybox', 'wget', '-qO-', url], { timeoutMs: TIMEOUT_MS });
  return status === 0 ? stdout.trimEnd() : undefined;
}

/** Whether one echo request is answered. */
export async function pings(from: Prober, address: string): Promise<boolean> {
  const { status } = await from.exec([
    'ping',
    '-n',
    '-q',
    '-c',
    '1',
    '-W',
    String(TIMEOUT_MS / 1000),
    address,
  ]);
  return status === 0;
}

/** URL at which a pod tells its name and the address that it saw. */
export function whoUrl(address: string, port: number): string {
  return `http://${address}:${port}/cgi-bin/who`;
}

/** Who answers does so at once, but on a machine that is busy. */
const TIMEOUT_MS = 20_000;
