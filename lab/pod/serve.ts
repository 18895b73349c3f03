/** The HTTP server of a pod: busybox httpd with lab/www. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabError } from '../error.ts';

/** argv of the server; its environment has to have LAB_POD, the name that it answers with. */
export function serverArgv(port: number): string[] {
  return ['busybox', 'httpd', '-f', '-p', `0.0.0.0:${port}`, '-h', WWW];
}

/**
 * Waits until the server listens on the port; `process` is its directory in /proc. Until it is the program itself it
 * is `ip netns exec`, which begins in the namespace of the VM, and that may have such a socket too.
 */
export async function waitForListener(process: string, port: number): Promise<void> {
  const [program] = serverArgv(port);
  const read = (name: string): string => readFileSync(`${process}/${name}`, 'utf8');
  const deadline = performance.now() + LISTEN_TIMEOUT_MS;
  while (read('comm') !== `${program}\n` || !isListening(read('net/tcp'), port)) {
    if (performance.now() > deadline) throw new LabError(`Nothing listens on port ${port} of the pod.`);
    await sleep(LISTEN_POLL_MS);
  }
}

/** Whether a list of sockets (proc(5), /proc/net/tcp) has one that listens on the port. */
export function isListening(list: string, port: number): boolean {
  return list.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`);
}

const WWW = fileURLToPath(new URL('../www', import.meta.url));
const LISTEN_TIMEOUT_MS = 30_000;
const LISTEN_POLL_MS = 4;
