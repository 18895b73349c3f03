import assert from 'node:assert/strict';
import test from 'node:test';
import { parsePorts } from '../../../../src/cli/docker/ports.ts';
import { takenPort } from '../../../../src/cli/docker/taken-ports.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { FakeNode } from './fake-docker.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** Lines as the kernel prints them. */
function line(address: string, state: string, remote = '00000000:0000'): string {
  return `   0: ${address} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0\n`;
}

function taken(wanted: string, lists: Readonly<Record<string, string>>): string | undefined {
  const world = new FakeWorld();
  world.write('/proc/self/ns/net', '');
  for (const [name, text] of Object.entries(lists)) world.write(`/proc/net/${name}`, HEAD + text);
  const ports = parsePorts(wanted);
  assert.ok(ports.ok);
  return takenPort(world.process(), ports.value, '');
}

const LISTEN = '0A';
const BOUND = '07';
for (const [what, wanted, lists, expected] of [
  [
    'a listener on all addresses',
    '8080:80',
    { tcp: line('00000000:1F90', LISTEN) },
    /^port 8080\/tcp is taken: .* on all addresses \(ss -lntup\)$/,
  ],
  ['a listener on one address', '8080:80', { tcp: line('0100007F:1F90', LISTEN) }, /on 127\.0\.0\.1/],
  [
    'a listener of both families',
    '8080:80',
    { tcp6: line('00000000000000000000000000000000:1F90', LISTEN) },
    /8080/,
  ],
  [
    'a listener by a mapped address',
    '8080:80',
    { tcp6: line('0000000000000000FFFF00000100007F:1F90', LISTEN) },
    /127\.0\.0\.1/,
  ],
  ['a bound UDP socket', '53:53/udp', { udp: line('00000000:0035', BOUND) }, /port 53\/udp/],
  ['one of several', '80:80,8080:80', { tcp: line('00000000:1F90', LISTEN) }, /8080/],
] as const) {
  test(`takenPort() finds ${what}`, () => {
    assert.match(taken(wanted, lists) ?? '', expected);
  });
}

for (const [what, wanted, lists] of [
  ['another port', '8081:80', { tcp: line('00000000:1F90', LISTEN) }],
  ['another protocol', '8080:80/udp', { tcp: line('00000000:1F90', LISTEN) }],
  ['another address', '10.240.0.4:8080:80', { tcp: line('0100007F:1F90', LISTEN) }],
  ['a connection', '8080:80', { tcp: line('00000000:1F90', '01', '0100007F:0050') }],
  ['a connected UDP socket', '53:53/udp', { udp: line('0100007F:0035', '01', '0100007F:0050') }],
  ['a listener of IPv6 alone', '8080:80', { tcp6: line('00000000000000000000000001000000:1F90', LISTEN) }],
  ['nothing', '8080:80', {}],
] as const) {
  test(`takenPort() is not disturbed by ${what}`, () => {
    assert.equal(taken(wanted, lists), undefined);
  });
}

test('docker run refuses a port of another container while that runs, and takes it over when it has stopped', () => {
  const node = new FakeNode();
  node.run('run', 'web', 'prod', 'nginx', '-p', '8080:80');
  const refused = node.run('run', 'next', 'prod', 'nginx', '-p', '8080:8080');
  assert.equal(refused.status, 1);
  assert.equal(
    refused.stderr,
    'azure-vnet: next: port 8080/tcp is taken by container web in namespace prod\n',
  );
  assert.equal(node.containers.length, 1, 'nothing was made for it');
  node.stop('web');
  node.plugins.length = 0;
  assert.equal(node.run('run', 'next', 'prod', 'nginx', '-p', '8080:8080').status, 0);
  const lines = ['portmap DEL', 'azure-vnet DEL', 'loopback ADD', 'azure-vnet ADD', 'portmap ADD'];
  assert.deepEqual(node.pluginLines, lines);
  node.start('web');
  assert.match(
    node.run('repair').stderr,
    /web \(prod\): port 8080\/tcp is taken by container next in namespace prod/,
  );
});

test('takenPort() knows ports that other runtimes have mapped, while their sandboxes are there', () => {
  const world = new FakeWorld();
  world.write('/proc/self/ns/net', '');
  world.write('/run/netns/pod', '');
  const cached = (netns: string) =>
    JSON.stringify({
      kind: 'cniCacheV1',
      containerId: 'pod1',
      netns,
      capabilityArgs: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'TCP' }] },
    });
  const ports = parsePorts('8080:80');
  assert.ok(ports.ok);
  world.write('/var/lib/cni/results/azure-pod1-eth0', cached('/run/netns/pod'));
  assert.equal(
    takenPort(world.process(), ports.value, ''),
    'port 8080/tcp is taken by container pod1 of another runtime',
  );
  world.write('/var/lib/cni/results/azure-pod1-eth0', cached('/run/netns/gone'));
  assert.equal(takenPort(world.process(), ports.value, ''), undefined);
  world.write('/var/lib/cni/results/azure-pod1-eth0', 'damaged');
  assert.equal(takenPort(world.process(), ports.value, ''), undefined);
});
