/** The internet: one host that tells whoever asks the address it saw, over TCP (HTTP) and UDP. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import { INTERNET_ADDRESS } from '../model.ts';

export const INTERNET_HTTP_PORT = 80;
export const INTERNET_UDP_PORT = 7;

export async function serveInternet(): Promise<void> {
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`${request.socket.remoteAddress ?? ''}\n`);
  });
  const udp = dgram.createSocket('udp4');
  udp.on('message', (_message, from) => udp.send(`${from.address}\n`, from.port, from.address));
  server.listen(INTERNET_HTTP_PORT, INTERNET_ADDRESS);
  await once(server, 'listening');
  udp.bind(INTERNET_UDP_PORT, INTERNET_ADDRESS);
  await once(udp, 'listening');
}
