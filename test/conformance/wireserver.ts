/**
 * The wireserver of one case: answers the query for the NIC of vm.ts on 168.63.129.16, or misbehaves.
 * Arguments: the number of secondary addresses, and `ok`, `empty`, `garbage`, `500` or `hang`.
 */
import http from 'node:http';

const [count = '5', answer = 'ok'] = process.argv.slice(2);
const addresses = Array.from(
  { length: Number(count) },
  (_, index) => `<IPAddress Address="10.91.0.${10 + index}" IsPrimary="false"/>`,
);
const DOCUMENT =
  '<Interfaces><Interface MacAddress="000D3A000004" IsPrimary="true"><IPSubnet Prefix="10.91.0.0/24">' +
  `<IPAddress Address="10.91.0.4" IsPrimary="true"/>${addresses.join('')}</IPSubnet></Interface></Interfaces>`;
const BODIES: Readonly<Record<string, string>> = { ok: DOCUMENT, empty: '<Interfaces/>', garbage: '<<<' };

const server = http.createServer((request, response) => {
  const asked = request.url === '/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
  const body = BODIES[answer];
  if (answer === 'hang') return;
  if (!asked || body === undefined) {
    response.statusCode = asked ? 500 : 404;
    response.end('no');
    return;
  }
  response.setHeader('content-type', 'text/xml');
  response.end(body);
});
server.listen(80, '168.63.129.16', () => console.log('listening'));
