/** The HTTP server of a pod: busybox httpd with lab/www. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';

/** argv of the server; its environment has to have LAB_POD, the name that it answers with. */
export function serverArgv(port: number): string[] {
  return ['busybox', 'httpd', '-f', '-p', `0.0.0.0:${port}`, '-h', WWW];
}

/** Waits until a socket listens on the port, by the list of the namespace (proc(5), /proc/net/tcp). */
export async function waitForListener(list: string, port: number): Promise<void> {
  const deadline = performance.now() + LISTEN_TIMEOUT_MS;
  while (!isListening(readFileSync(list, 'utf8'), port)) {
    if (performance.now() > deadline) throw new LabError(`Nothing listens on port ${port} of the pod.`);
    await sleep(LISTEN_POLL_MS);
  }
}

/** Whether a list of sockets has one that listens on the port. */
export function isListening(list: string, port: number): boolean {
  return list.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`);
}

const WWW = fileURLToPath(new URL('../www', import.meta.url));
const LISTEN_TIMEOUT_MS = 30_000;
const LISTEN_POLL_MS = 4;
