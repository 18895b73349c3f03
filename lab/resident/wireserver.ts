/**
 * The wireserver of the host: answers each VM with its own ipconfigs. It reads the lab's state for
 * every request, so a changed ipconfig or mode counts at once; and it can fail in the ways of a real one.
 */
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { type LabState, STATE_VERSION, WIRESERVER_ADDRESS, type WireserverMode } from '../model.ts';
import { REQUEST_LOG } from './protocol.ts';
import { interfacesXml, vmWithAddress } from './wireserver-xml.ts';

/** Listens on port 80 of 168.63.129.16 in this namespace. */
export async function serveWireserver(labDirectory: string): Promise<void> {
  const server = http.createServer((request, response) => {
    const state = JSON.parse(readFileSync(`${labDirectory}/state.json`, 'utf8')) as LabState;
    if (state.version !== STATE_VERSION) throw new Error('Internal error: state of another version');
    const from = request.socket.remoteAddress ?? '';
    const entry = { at: Date.now(), from, url: request.url ?? '', mode: state.wireserver };
    appendFileSync(`${labDirectory}/${REQUEST_LOG}`, `${JSON.stringify(entry)}\n`);
    answer(state, from, request.url ?? '', response);
  });
  server.listen(80, WIRESERVER_ADDRESS);
  await once(server, 'listening');
}

function answer(state: LabState, from: string, url: string, response: http.ServerResponse): void {
  const vm = vmWithAddress(state, from);
  if (url === VERSIONS_PATH) send(response, 200, VERSIONS_XML);
  else if (url !== INTERFACES_PATH || vm === undefined) send(response, 404, 'Not Found');
  else play(state.wireserver, interfacesXml(vm.nics), response);
}

/** `refuse` and `blackhole` never get here: the fabric's packet filter plays them. */
function play(mode: WireserverMode, xml: string, response: http.ServerResponse): void {
  const answers: Record<WireserverMode, () => void> = {
    ok: () => send(response, 200, xml),
    refuse: () => send(response, 200, xml),
    blackhole: () => send(response, 200, xml),
    hang: () => undefined,
    500: () => send(response, 500, 'Internal Server Error'),
    half: () => {
      response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': Buffer.byteLength(xml) });
      response.write(xml.slice(0, xml.length / 2), () => response.destroy());
    },
    huge: () => send(response, 200, xml.replace('>', `>${' '.repeat(HUGE_ANSWER_BYTES)}`)),
    garbage: () => send(response, 200, '<<<'),
    empty: () => send(response, 200, '<Interfaces/>'),
    nomac: () => send(response, 200, xml.replace(/MacAddress="[^"]*"/g, 'MacAddress="000D3AFFFFFF"')),
  };
  answers[mode]();
}

function send(response: http.ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': CONTENT_TYPE });
  response.end(body);
}

const CONTENT_TYPE = 'text/xml; charset=utf-8';
const INTERFACES_PATH = '/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
const VERSIONS_PATH = '/?comp=versions';
const VERSIONS_XML =
  '<?xml version="1.0" encoding="utf-8"?><Versions><Preferred><Version>2015-04-05</Version></Preferred>' +
  '<Supported><Version>2015-04-05</Version><Version>2012-11-30</Version></Supported></Versions>';
const HUGE_ANSWER_BYTES = 100 * 1024 * 1024;
