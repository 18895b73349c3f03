/**
 * The wireserver of a node: answers for the NIC of the machine. Arguments: address, port, and how many secondary
 * addresses the NIC has.
 */
import http from 'node:http';

const [address = '', port = '', count = ''] = process.argv.slice(2);
const PATH = '/machine/plugins?comp=nmagent&type=getinterfaceinfov1';
const secondary = Array.from(
  { length: Number(count) },
  (_, index) => `<IPAddress Address="10.240.0.${5 + index}" IsPrimary="false"/>`,
);
const DOCUMENT =
  '<Interfaces><Interface MacAddress="000D3A000004" IsPrimary="true"><IPSubnet Prefix="10.240.0.0/16">' +
  `<IPAddress Address="10.240.0.4" IsPrimary="true"/>${secondary.join('')}</IPSubnet></Interface></Interfaces>`;

const server = http.createServer((request, response) => {
  response.statusCode = request.url === PATH ? 200 : 404;
  response.end(request.url === PATH ? DOCUMENT : '');
});
server.listen(Number(port), address, () => console.log('listening'));
