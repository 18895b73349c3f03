/**
 * The probe of a load balancer: from 168.63.129.16, as Azure sends it. A load balancer gives traffic to an address
 * whose probe is answered: over TCP a connection is enough, over HTTP the status must be 200.
 */
import { WIRESERVER_ADDRESS } from './model.ts';
import type { Place } from './place.ts';

export const PROBE_PROTOCOLS = ['http', 'tcp'] as const;

export interface Probe {
  readonly protocol: (typeof PROBE_PROTOCOLS)[number];
  readonly address: string;
  readonly port: number;
  /** Of HTTP. @default {/} */
  readonly path?: string;
}

export interface ProbeResult {
  readonly healthy: boolean;
  /** "200" and the body, "connected", or why there was no answer, as an errno name. */
  readonly seen: string;
}

/** Sends one probe and waits for its answer for PROBE_LIMIT_MS at most. */
export async function sendProbe(fabric: Place, probe: Probe): Promise<ProbeResult> {
  const { protocol, address, port, path = '/' } = probe;
  const argv = [process.execPath, '-e', PROGRAM, protocol, address, String(port), path];
  return JSON.parse(await fabric.mustExec(argv)) as ProbeResult;
}

const PROBE_LIMIT_MS = 4000;
const MAX_BODY_CHARACTERS = 1000;
const PROGRAM = `
const [protocol, host, port, path] = process.argv.slice(1);
const end = (healthy, seen) =>
  process.stdout.write(JSON.stringify({ healthy, seen }), () => process.exit(0));
setTimeout(end, ${PROBE_LIMIT_MS}, false, 'ETIMEDOUT');
const options = { host, port: Number(port), localAddress: '${WIRESERVER_ADDRESS}' };
const failed = (error) => end(false, error.code ?? error.message);
if (protocol === 'tcp') {
  require('node:net').connect(options, () => end(true, 'connected')).on('error', failed);
} else {
  require('node:http').get({ ...options, path }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (text) => (body = (body + text).slice(0, ${MAX_BODY_CHARACTERS})));
    answer.on('end', () => end(answer.statusCode === 200, (answer.statusCode + ' ' + body).trim()));
  }).on('error', failed);
}
`;
