/** A server for TCP and UDP that tells whoever asks the address it saw, and the question over both. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './traffic.ts';

/** A place in which programs can be started that stay. */
export interface ServerPlace extends Place {
  start(argv: readonly string[]): Promise<number>;
}

/** The address that the server saw over each protocol; empty without an answer, and when the port is refused. */
export interface Seen {
  readonly tcp: string;
  readonly udp: string;
}

/** Starts the server on both protocols of a port of all addresses; resolves when it answers both. */
export async function startEcho(place: ServerPlace, port: number, address = '0.0.0.0'): Promise<void> {
  await place.start([process.execPath, '-e', SERVER, address, String(port)]);
  const own = address === '0.0.0.0' ? '127.0.0.1' : address;
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { tcp, udp } = await ask(place, own, port);
    if (tcp !== '' && udp !== '') return;
    assert.ok(performance.now() < deadline, `the echo server on port ${port} answers`);
    await sleep(20);
  }
}

/** Asks over both protocols at the same time. */
export async function ask(place: Place, address: string, port: number): Promise<Seen> {
  const { status, stdout, stderr } = await place.exec([
    process.execPath,
    '-e',
    CLIENT,
    address,
    String(port),
  ]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Seen;
}

const SERVER = `
const [address, port] = process.argv.slice(1);
const udp = require('node:dgram').createSocket('udp4');
udp.on('message', (_, from) => udp.send(from.address, from.port, from.address));
udp.bind(Number(port), address);
require('node:net').createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(socket.remoteAddress);
}).listen(Number(port), address);
`;

const CLIENT = `
const [address, port] = process.argv.slice(1);
const seen = { tcp: '', udp: '' };
const done = new Set();
const end = (protocol) => {
  if (protocol !== undefined) done.add(protocol);
  if (protocol === undefined || done.size === 2) process.stdout.write(JSON.stringify(seen), () => process.exit(0));
};
setTimeout(end, 15_000);
const udp = require('node:dgram').createSocket('udp4');
udp.on('message', (text) => { seen.udp = text.toString(); end('udp'); });
udp.on('error', () => end('udp'));
udp.connect(Number(port), address, () => udp.send('?'));
const tcp = require('node:net').connect(Number(port), address);
tcp.on('data', (chunk) => (seen.tcp += chunk));
tcp.on('error', () => end('tcp'));
tcp.on('end', () => end('tcp'));
`;

const START_TIMEOUT_MS = 30_000;
