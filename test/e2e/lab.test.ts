/** The lab itself: what the other end-to-end tests take for granted about fabric, wireserver and internet. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, PluginFailure, type Vm } from '../../lab/lab.ts';
import { FABRIC_MAC, INTERNET_ADDRESS, WIRESERVER_ADDRESS, type WireserverMode } from '../../lab/model.ts';
import type { Place } from '../../lab/place.ts';
import { serverArgv, waitForListener } from '../../lab/pod/serve.ts';
import { settledIpv6 } from './support/kernel.ts';
import { assertAnswered, assertLost, HOST_LOCAL_CONFLIST } from './support/lab-scene.ts';
import { assertAnswered as assertAnsweredWithSize } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const COUNT_LIMIT_MS = 20_000;
const INTERFACES = `http://${WIRESERVER_ADDRESS}/machine/plugins?comp=nmagent&type=getinterfaceinfov1`;

/** What busybox wget makes of each way in which the wireserver fails: its status and words. 124: no answer. */
const WIRESERVER_FAILURES = {
  refuse: { status: 1, shows: /Connection refused/ },
  blackhole: { status: 124, shows: /Connecting to 168\.63\.129\.16/ },
  hang: { status: 124, shows: /Connecting to 168\.63\.129\.16/ },
  500: { status: 1, shows: /500 Internal Server Error/ },
  half: { status: 1, shows: /<Interface MacAddress="6045BD0A0B0C"(?![\s\S]*<\/Interfaces>)/ },
  huge: { status: 0, shows: / {1000000}/ },
  garbage: { status: 0, shows: /^<<</ },
  empty: { status: 0, shows: /^<Interfaces\/>/ },
  nomac: { status: 0, shows: /MacAddress="000D3AFFFFFF"[\s\S]*10\.240\.0\.4/ },
} as const;

describe('Lab', { skip }, () => {
  let lab: Lab;
  let vm1: Vm;
  let vm2: Vm;

  before(async () => {
    lab = await Lab.create();
    vm1 = await lab.addVm({ mac: '60:45:bd:0a:0b:0c', conflist: HOST_LOCAL_CONFLIST });
    vm2 = await lab.addVm({ mtu: 9000, secondaries: 3 });
  });
  after(() => lab.close());

  test('a VM has the NIC, routes and private directories of an Azure VM', async () => {
    assert.deepEqual(JSON.parse(await vm1.mustExec(['ip', '-j', '-4', 'route'])).map(routeText), [
      'default via 10.240.0.1 eth0 dhcp',
      '10.240.0.0/16 via - eth0 kernel',
      '10.240.0.1 via - eth0 dhcp',
      '168.63.129.16 via 10.240.0.1 eth0 dhcp',
      '169.254.169.254 via 10.240.0.1 eth0 dhcp',
    ]);
    const [link] = JSON.parse(await vm1.mustExec(['ip', '-j', 'addr', 'show', 'dev', 'eth0']));
    assert.equal(link.address, '60:45:bd:0a:0b:0c');
    assert.equal(link.mtu, 1500);
    const inet = link.addr_info.filter((info: { family: string }) => info.family === 'inet');
    assert.deepEqual(
      inet.map((info: { local: string; prefixlen: number }) => `${info.local}/${info.prefixlen}`),
      ['10.240.0.4/16'],
      'secondary ipconfigs are not on the NIC',
    );
    await vm1.mustExec(['touch', '/etc/lab-test', '/var/lib/lab-test', '/run/lab-test', '/var/log/lab-test']);
    for (const directory of ['/etc', '/var/lib', '/run', '/var/log']) {
      assert.equal(existsSync(`${directory}/lab-test`), false, `${directory} of the machine is untouched`);
    }
    assert.equal(await vm1.mustExec(['ls', '/sys/class/net']), 'eth0\nlo\n');
    assert.equal(await vm1.mustExec(['hostname']), 'vm1\n');
  });

  test('the fabric answers every ARP request with its own MAC', async () => {
    const others = {
      gateway: '10.240.0.1',
      'own secondary ipconfig': vm1.nic().secondaries[0] ?? '',
      'other VM': vm2.nic().primary,
      'ipconfig of the other VM': vm2.nic().secondaries[0] ?? '',
      'address of nobody': '10.240.99.99',
      'address outside the VNet': '8.8.8.8',
      wireserver: WIRESERVER_ADDRESS,
    };
    const rows = Object.entries(others).map(async ([what, address]) => [what, await arp(vm1, address)]);
    const answers = Object.fromEntries(await Promise.all(rows));
    assert.deepEqual(answers, Object.fromEntries(Object.keys(others).map((what) => [what, FABRIC_MAC])));
  });

  test('the fabric never asks a VM by ARP', async () => {
    const table = `table netdev lab_test {
      chain seen {
        type filter hook ingress device "eth0" priority 0;
        arp operation request counter
        arp operation reply counter
      }
    }
`;
    await vm2.mustExec(['nft', '-f', '-'], { stdin: table });
    await vm2.mustExec(['ip', 'neigh', 'flush', 'all']);
    await vm1.mustExec(['ping', '-c', '3', '-i', '0.1', vm2.nic().primary]);
    const counts = await vm2.mustExec(['nft', 'list', 'table', 'netdev', 'lab_test']);
    await vm2.mustExec(['nft', 'delete', 'table', 'netdev', 'lab_test']);
    assert.match(counts, /arp operation request counter packets 0 /);
    assert.match(counts, /arp operation reply counter packets [1-9]/, 'the count works: VM 2 has asked');
  });

  test('a frame with a foreign MAC is dropped and counted', async () => {
    await assertDropped(vm1, 'foreignMac', async () => {
      await vm1.mustExec(['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:01']);
      await assertLost(vm1, '10.240.0.1');
      await vm1.mustExec(['ip', 'link', 'set', 'eth0', 'address', vm1.nic().mac]);
    });
    await assertAnswered(vm1, '10.240.0.1');
  });

  test('a foreign sender address is dropped and counted, in IPv4 and in ARP', async () => {
    const stranger = '10.240.77.1';
    await vm1.mustExec(['ip', 'addr', 'add', `${stranger}/32`, 'dev', 'lo']);
    await assertDropped(vm1, 'foreignAddress', () => assertLost(vm1, '10.240.0.1', stranger));
    await assertDropped(vm1, 'foreignAddress', async () =>
      assert.equal(await arp(vm1, '10.240.0.1', stranger), ''),
    );
    await vm1.mustExec(['ip', 'addr', 'delete', `${stranger}/32`, 'dev', 'lo']);
  });

  test('an ipconfig counts from the moment it is added until it is removed', async () => {
    const address = '10.240.5.5';
    await vm1.mustExec(['ip', 'addr', 'add', `${address}/32`, 'dev', 'lo']);
    await assertLost(vm1, vm2.nic().primary, address);
    assert.deepEqual(await lab.addIpconfigs('vm1', [address]), [address]);
    await assertAnswered(vm1, vm2.nic().primary, address);
    await assertAnswered(vm2, address);
    assert.match(await vm1.mustExec(['busybox', 'wget', '-qO-', INTERFACES]), /Address="10\.240\.5\.5"/);
    await lab.removeIpconfigs('vm1', [address]);
    await assertLost(vm1, vm2.nic().primary, address);
    await assertLost(vm2, address);
    assert.doesNotMatch(await vm1.mustExec(['busybox', 'wget', '-qO-', INTERFACES]), /10\.240\.5\.5/);
    await vm1.mustExec(['ip', 'addr', 'delete', `${address}/32`, 'dev', 'lo']);
    await assert.rejects(lab.addIpconfigs('vm1', [vm2.nic().primary]), /is an ipconfig of another NIC/);
    await assert.rejects(lab.addIpconfigs('vm1', ['10.240.0.1']), /Azure keeps the first four/);
  });

  test('addIpconfigs by count takes the next free addresses', async () => {
    const before = vm2.nic().secondaries;
    const added = await lab.addIpconfigs('vm2', 2);
    assert.equal(new Set([...before, ...added, ...vm1.nic().secondaries]).size, before.length + 2 + 8);
    await lab.removeIpconfigs('vm2', added);
    assert.deepEqual(vm2.nic().secondaries, before);
  });

  test('the internet sees primary addresses only', async () => {
    const url = `http://${INTERNET_ADDRESS}/`;
    assert.equal(await vm1.mustExec(['busybox', 'wget', '-qO-', url]), `${vm1.nic().primary}\n`);
    const udp = `require('node:dgram').createSocket('udp4')
      .on('message', function (answer) { process.stdout.write(answer); this.close(); })
      .send('who?', 7, '${INTERNET_ADDRESS}')`;
    assert.equal(await vm1.mustExec([process.execPath, '-e', udp]), `${vm1.nic().primary}\n`);
    const [secondary = ''] = vm1.nic().secondaries;
    await vm1.mustExec(['ip', 'addr', 'add', `${secondary}/32`, 'dev', 'lo']);
    // The rule of the deployment page would hide the secondary address, as it should for pods.
    await vm1.mustExec(['iptables', '-t', 'nat', '-I', 'POSTROUTING', '-s', secondary, '-j', 'ACCEPT']);
    await assertDropped(vm1, 'internetFromSecondary', () => assertLost(vm1, INTERNET_ADDRESS, secondary));
    await vm1.mustExec(['iptables', '-t', 'nat', '-D', 'POSTROUTING', '-s', secondary, '-j', 'ACCEPT']);
    await assertAnswered(vm1, WIRESERVER_ADDRESS, secondary);
    await assertAnswered(vm1, INTERNET_ADDRESS, secondary);
    await vm1.mustExec(['ip', 'addr', 'delete', `${secondary}/32`, 'dev', 'lo']);
    await assertAnswered(lab.internet, vm1.nic().primary);
  });

  test('packets for addresses of nobody are dropped and counted', async () => {
    const before = (await lab.counters()).unassigned;
    await assertLost(vm1, '10.240.99.99');
    await counted('unassigned', async () => (await lab.counters()).unassigned > before);
    assert.equal((await lab.counters()).unassigned, before + 1);
  });

  test('IPv6 is dropped, and counted apart from defects', async () => {
    await settledIpv6(vm1, 'eth0');
    const ipv6 = async () => (await lab.counters()).ports['vm1-eth0']?.ipv6 ?? 0;
    const before = await ipv6();
    await vm1.exec(['ping', '-6', '-c', '1', '-W', '1', 'ff02::1%eth0']);
    await counted('IPv6', async () => (await ipv6()) > before);
    assert.equal((await lab.counters()).ports['vm1-eth0']?.other, 0);
  });

  test('the wireserver answers each VM with its own ipconfigs', async () => {
    const wanted = [
      '<Interfaces>',
      '  <Interface MacAddress="000D3AF0000D" IsPrimary="true">',
      '    <IPSubnet Prefix="10.240.0.0/16">',
      '      <IPAddress Address="10.240.0.13" IsPrimary="true"/>',
      '      <IPAddress Address="10.240.0.14" IsPrimary="false"/>',
      '      <IPAddress Address="10.240.0.15" IsPrimary="false"/>',
      '      <IPAddress Address="10.240.0.16" IsPrimary="false"/>',
      '    </IPSubnet>',
      '  </Interface>',
      '</Interfaces>',
      '',
    ];
    assert.equal(await vm2.mustExec(['busybox', 'wget', '-qO-', INTERFACES]), wanted.join('\n'));
    const own = await vm1.mustExec(['busybox', 'wget', '-qO-', INTERFACES]);
    assert.match(own, /MacAddress="6045BD0A0B0C"/);
    assert.doesNotMatch(own, /10\.240\.0\.14/);
    const last = lab.wireserverRequests().at(-1);
    assert.equal(last?.from, vm1.nic().primary);
  });

  for (const [mode, { status, shows }] of Object.entries(WIRESERVER_FAILURES)) {
    test(`the wireserver can play ${mode}`, async () => {
      await lab.setWireserver(mode as WireserverMode);
      // Where an answer comes it may take its time.
      const { stdout, stderr, ...answer } = await vm1.exec([
        'timeout',
        status === 124 ? '3' : '30',
        'busybox',
        'wget',
        '-O-',
        INTERFACES,
      ]);
      await lab.setWireserver('ok');
      assert.equal(answer.status, status);
      assert.match(stdout + stderr, shows);
      assert.match(await vm1.mustExec(['busybox', 'wget', '-qO-', INTERFACES]), /MacAddress="6045BD0A0B0C"/);
    });
  }

  test('frames of the MTU pass, larger ones do not', async () => {
    await lab.addVm({ name: 'jumbo', mtu: 9000 });
    await lab.addVm({ name: 'small', mtu: 1400 });
    const [jumbo, small] = [lab.vm('jumbo'), lab.vm('small')];
    await assertAnsweredWithSize(jumbo, vm2.nic().primary, 9000);
    await assertAnsweredWithSize(small, vm2.nic().primary, 1400);
    const refused = await small.exec([
      ...['ping', '-c', '1', '-W', '1', '-M', 'do', '-s', String(1401 - 28)],
      vm2.nic().primary,
    ]);
    assert.match(refused.stdout + refused.stderr, /message too long, mtu=1400/i);
    for (const name of ['jumbo', 'small']) await lab.removeVm(name);
  });

  test('a second NIC is in its own subnet, on the wireserver too', async () => {
    const vm = await lab.addVm({ name: 'two', extraNics: [{ subnet: '10.241.0.0/16', secondaries: 2 }] });
    await assertAnswered(vm, '10.241.0.1', 'eth1');
    const xml = await vm.mustExec(['busybox', 'wget', '-qO-', INTERFACES]);
    assert.equal(xml.match(/IsPrimary="true"/g)?.length, 3, 'one primary NIC, and one primary address each');
    assert.match(
      xml,
      /MacAddress="000D3AF10004" IsPrimary="false">\n {4}<IPSubnet Prefix="10\.241\.0\.0\/16">/,
    );
    await assert.rejects(lab.addVm({ subnet: '10.241.0.0/24' }), /overlaps 10\.241\.0\.0\/16 of two-eth1/);
    await assert.rejects(lab.addVm({ mac: vm1.nic().mac }), /is that of vm1-eth0 already/);
    await lab.removeVm('two');
    assert.deepEqual(Object.keys((await lab.counters()).ports), ['vm1-eth0', 'vm2-eth0']);
  });

  test('a pod is attached by the plugins and removed without a trace', async () => {
    const links = await vm1.mustExec(['ip', '-br', 'link']);
    const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] as const;
    const pod = await vm1.addPod('web', { ports });
    assert.deepEqual(
      pod.added.map(({ plugin, command }) => `${plugin} ${command}`),
      ['loopback ADD', 'bridge ADD', 'portmap ADD'],
    );
    await pod.serve(80);
    const who = await vm2.mustExec(['busybox', 'wget', '-qO-', 'http://10.240.0.4:8080/cgi-bin/who']);
    assert.match(who, /^web /);
    await assert.rejects(vm2.addPod('web'), /The name "web" is taken/);
    await vm1.pod('web').remove();
    assert.equal(await vm1.mustExec(['ip', 'netns', 'list']), '');
    await vm1.mustExec(['ip', 'link', 'delete', 'cni0']);
    assert.equal(await vm1.mustExec(['ip', '-br', 'link']), links);
    assert.deepEqual(vm1.state.pods, []);
  });

  test('a probe of a load balancer comes from 168.63.129.16 and wants the status 200', async () => {
    const env = { PATH: process.env.PATH ?? '', LAB_POD: 'vm1' };
    const server = await vm1.start(serverArgv(8080), { env });
    await waitForListener(vm1.path(`/proc/${server}`), 8080);
    const target = { address: vm1.nic().primary, port: 8080 };
    const who = await lab.probe({ protocol: 'http', ...target, path: '/cgi-bin/who' });
    assert.deepEqual(who, { healthy: true, seen: `200 vm1 ${WIRESERVER_ADDRESS}` });
    const missing = await lab.probe({ protocol: 'http', ...target, path: '/missing' });
    assert.equal(missing.healthy, false);
    assert.match(missing.seen, /^404 /);
    assert.deepEqual(await lab.probe({ protocol: 'tcp', ...target }), { healthy: true, seen: 'connected' });
    const closed = await lab.probe({ protocol: 'tcp', ...target, port: 8081 });
    assert.deepEqual(closed, { healthy: false, seen: 'ECONNREFUSED' });
    await vm1.stop(server);
  });

  test('a plugin that fails leaves no pod, and its error is passed on', async () => {
    const conflist = HOST_LOCAL_CONFLIST.replace('"host-local"', '"no-such-ipam"');
    await assert.rejects(vm1.addPod('broken', { conflist }), (error) => {
      assert.ok(error instanceof PluginFailure);
      assert.equal(error.error.plugin, 'bridge');
      assert.match(error.message, /no-such-ipam/);
      return true;
    });
    assert.equal(await vm1.mustExec(['ip', 'netns', 'list']), '');
    assert.deepEqual(vm1.state.pods, []);
  });

  /** Does `attempt`, which sees that nothing arrives, and checks how the fabric has counted the frame. */
  async function assertDropped(
    vm: Vm,
    kind: 'foreignMac' | 'foreignAddress' | 'internetFromSecondary',
    attempt: () => Promise<void>,
  ): Promise<void> {
    const count = async () => (await lab.counters()).ports[vm.nic().port]?.[kind] ?? 0;
    const before = await count();
    await attempt();
    await counted(kind, async () => (await count()) > before);
  }
});

/** A frame may be sent when who waited for its answer has given up: it is kept until ARP is answered. */
async function counted(what: string, isCounted: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + COUNT_LIMIT_MS;
  while (!(await isCounted())) {
    assert.ok(performance.now() < deadline, `${what} was counted`);
    await sleep(10);
  }
}

/** The MAC that answers an ARP request on eth0, or an empty text when nobody does: nobody does to a stranger. */
async function arp(place: Place, target: string, source?: string): Promise<string> {
  const from = source === undefined ? ['-w', '20'] : ['-w', '2', '-s', source];
  const { stdout } = await place.exec(['busybox', 'arping', '-f', '-I', 'eth0', ...from, target]);
  return /reply from \S+ \[([0-9a-f:]+)\]/.exec(stdout)?.[1] ?? '';
}

function routeText(route: { dst: string; gateway?: string; dev: string; protocol: string }): string {
  return `${route.dst} via ${route.gateway ?? '-'} ${route.dev} ${route.protocol}`;
}
