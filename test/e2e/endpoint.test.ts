/** An endpoint: what a container gets, and whom it reaches. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Pod, type Vm } from '../../lab/lab.ts';
import { INTERNET_ADDRESS, WIRESERVER_ADDRESS } from '../../lab/model.ts';
import { addressOf, Container, networkConfig } from './support/container.ts';
import { ask, startEcho } from './support/echo.ts';
import { hostVeths, ipv4, link, neighbours, routes, settledIpv6 } from './support/kernel.ts';
import { assertNoLeftovers } from './support/state.ts';
import { assertAnswered, assertNothingDropped, get, type Place } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const BARE = { conflist: null, secondaries: 6 } as const;

describe('A pod of the shipped conflist', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let other: Vm;
  let [web, peer, far]: Pod[] = [];

  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ secondaries: 4 });
    other = await lab.addVm({ secondaries: 4, mac: '60:45:bd:00:00:02' });
    web = await vm.addPod('web', { ports: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] });
    peer = await vm.addPod('peer');
    far = await other.addPod('far');
    for (const pod of [web, peer, far]) await pod.serve(80);
  });
  after(async () => {
    for (const pod of [...vm.pods(), ...other.pods()]) await pod.remove();
    await assertNoLeftovers(vm);
    await assertNoLeftovers(other);
    await assertNothingDropped(lab);
    await lab.close();
  });

  const podOf = (pod: Pod | undefined): Pod => pod ?? assert.fail('the pods are there');

  test('has its address with the prefix of the subnet, and routes to it and to the gateway', async () => {
    for (const [pod, host] of [
      [podOf(web), vm],
      [podOf(far), other],
    ] as const) {
      assert.ok(host.nic().secondaries.includes(pod.address));
      assert.deepEqual(await ipv4(pod, 'eth0'), [`${pod.address}/16`]);
      const main = (await routes(pod)).filter(({ table }) => table === undefined);
      assert.deepEqual(
        main.map(({ dst, gateway, dev, prefsrc }) => ({ dst, gateway, dev, prefsrc })),
        [
          { dst: 'default', gateway: '10.240.0.1', dev: 'eth0', prefsrc: undefined },
          { dst: '10.240.0.0/16', gateway: undefined, dev: 'eth0', prefsrc: pod.address },
        ],
      );
    }
  });

  test('and every other place of the VNet reach each other', async () => {
    const pods = { web: podOf(web), peer: podOf(peer), far: podOf(far) };
    const addresses = {
      vm: vm.nic().primary,
      other: other.nic().primary,
      ...Object.fromEntries(Object.entries(pods).map(([name, pod]) => [name, pod.address])),
    };
    const places: Record<string, Place> = { ...pods, vm, other, fabric: lab.fabric };
    for (const place of Object.values(places)) {
      for (const target of Object.values(addresses)) await assertAnswered(place, target);
    }
    for (const pod of Object.values(pods)) {
      for (const target of ['10.240.0.1', WIRESERVER_ADDRESS]) await assertAnswered(pod, target);
    }
  });

  test('is seen with its own address within the VNet, on the same VM and on another', async () => {
    const client = podOf(peer);
    for (const server of [podOf(web), podOf(far)]) {
      const who = await get(client, `http://${server.address}/cgi-bin/who`);
      assert.equal(who, `${server.name} ${client.address}`);
    }
    assert.equal(await get(other, `http://${podOf(web).address}/cgi-bin/who`), `web ${other.nic().primary}`);
    assert.equal(await get(vm, `http://${podOf(web).address}/cgi-bin/who`), `web ${vm.nic().primary}`);
  });

  test('asks the wireserver as itself and the internet as its node', async () => {
    const pod = podOf(peer);
    const wireserver = `http://${WIRESERVER_ADDRESS}/?comp=versions`;
    assert.match(await get(pod, wireserver), /2015-04-05/);
    assert.equal(lab.wireserverRequests().at(-1)?.from, pod.address);
    assert.equal(await get(pod, `http://${INTERNET_ADDRESS}/`), vm.nic().primary);
    assert.equal(await get(podOf(far), `http://${INTERNET_ADDRESS}/`), other.nic().primary);
  });

  test('reaches itself through a port of its node (hairpin)', async () => {
    const pod = podOf(web);
    assert.match(await get(pod, `http://${vm.nic().primary}:8080/cgi-bin/who`), /^web /);
    assert.equal((await hostVeths(vm)).every(isHairpin), true);
  });

  test('has a veth pair of one queue, however many processors there are', async () => {
    const ends = [...(await hostVeths(vm)), await link(podOf(web), 'eth0')];
    for (const end of ends) assert.deepEqual([end.num_tx_queues, end.num_rx_queues], [1, 1], end.ifname);
  });

  test('has a permanent neighbour entry on the bridge', async () => {
    const entries = await neighbours(vm);
    for (const pod of [podOf(web), podOf(peer)]) {
      const entry = entries.find(({ dst }) => dst === pod.address);
      assert.deepEqual([entry?.dev, entry?.lladdr], ['azure0', (await link(pod, 'eth0')).address]);
    }
    assert.equal(entries.length, 2);
  });

  test('leaves IFF_MULTICAST on the NIC, the bridge, the veths and its own interface', async () => {
    const seen = [
      await link(vm, 'eth0'),
      await link(vm, 'azure0'),
      ...(await hostVeths(vm)),
      await link(podOf(web), 'eth0'),
    ];
    assert.equal(seen.length, 5);
    for (const { ifname, flags } of seen) {
      assert.deepEqual(
        ['BROADCAST', 'MULTICAST', 'UP'].filter((flag) => !flags.includes(flag)),
        [],
        ifname,
      );
    }
  });
});

describe('ADD', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm(BARE);
    // So that the bridge is there for each of the tests.
    const container = await Container.create(vm, 'before');
    await container.add();
    await container.del();
    await assertNoLeftovers(vm);
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('answers with what the kernel has', async () => {
    const dns = {
      nameservers: ['10.0.0.10'],
      domain: 'cluster.local',
      search: ['a.example'],
      options: ['ndots:5'],
    };
    const container = await Container.create(vm, 'result', { config: networkConfig({ dns }) });
    const result = await container.add();
    const [bridge, veth] = [await link(vm, 'azure0'), ...(await hostVeths(vm))];
    const inside = await link(container, 'eth0');
    assert.ok(veth);
    assert.deepEqual(result, {
      cniVersion: '1.1.0',
      interfaces: [
        { name: 'azure0', mac: bridge.address, mtu: bridge.mtu },
        { name: veth.ifname, mac: veth.address, mtu: veth.mtu },
        { name: 'eth0', mac: inside.address, mtu: inside.mtu, sandbox: container.netns },
      ],
      ips: [{ interface: 2, address: `${addressOf(result)}/16`, gateway: '10.240.0.1' }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.240.0.1' }],
      dns,
    });
    await container.del();
  });

  test("answers with IPAM's DNS when the configuration has none, and without MTU before 1.1.0", async () => {
    for (const cniVersion of ['0.3.1', '0.4.0', '1.0.0']) {
      const config = networkConfig({ cniVersion });
      const container = await Container.create(vm, `v${cniVersion.replaceAll('.', '')}`, { config });
      const result = await container.add();
      assert.equal(result.cniVersion, cniVersion);
      assert.deepEqual(result.dns, { nameservers: [WIRESERVER_ADDRESS] });
      assert.deepEqual(
        result.interfaces.map(({ name, mtu, sandbox }) => ({ name, mtu, sandbox })),
        [
          { name: 'azure0', mtu: undefined, sandbox: undefined },
          { name: result.interfaces[1]?.name, mtu: undefined, sandbox: undefined },
          { name: 'eth0', mtu: undefined, sandbox: container.netns },
        ],
      );
      assert.match(result.interfaces[1]?.name ?? '', /^azv[0-9a-f]{11}$/);
      await container.del();
    }
  });

  test('gives a container without an IPv6 network no IPv6 address but the link-local one', async () => {
    const container = await Container.create(vm, 'v6');
    await container.add();
    const addresses = await settledIpv6(container, 'eth0');
    assert.deepEqual(
      addresses.map(({ scope }) => scope),
      ['link'],
    );
    const acceptRa = ['cat', '/proc/sys/net/ipv6/conf/eth0/accept_ra'];
    assert.equal(await container.mustExec(acceptRa), '0\n');
    await container.del();
  });

  test('leads traffic for ipsToRouteViaHost through the stack of the host', async () => {
    const dnsCache = '169.254.20.10';
    const counted = ['-d', dnsCache, '-i', 'azure0'];
    await vm.mustExec(['ip', 'addr', 'add', `${dnsCache}/32`, 'dev', 'lo']);
    await vm.mustExec(['iptables', '-t', 'raw', '-A', 'PREROUTING', ...counted]);
    await startEcho(vm, 5300, dnsCache);
    const config = networkConfig({ ipsToRouteViaHost: [dnsCache, '169.254.20.11'] });
    const container = await Container.create(vm, 'viahost', { config });
    const address = await container.addAddress();
    assert.deepEqual(await ask(container, dnsCache, 5300), { tcp: address, udp: address });
    const rules = await vm.mustExec(['iptables', '-t', 'raw', '-L', 'PREROUTING', '-nvx']);
    const packets = Number(new RegExp(`(\\d+) +\\d+ .*azure0.*${dnsCache}`).exec(rules)?.[1]);
    assert.ok(packets >= 4, `${packets} packets of the pod came into the host's stack`);
    // Other traffic is not led there.
    await assertAnswered(container, '10.240.0.1');
    await assertAnswered(lab.fabric, address);
    await container.del();
  });
});

describe('The MTU of the NIC', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  for (const mtu of [1400, 1500, 9000]) {
    test(`${mtu} is that of the bridge and of both ends of the veth pair`, async () => {
      const vm = await lab.addVm({ ...BARE, mtu });
      const peer = await lab.addVm({ ...BARE, mtu });
      const [one, two, far] = await Promise.all([
        Container.create(vm, 'one'),
        Container.create(vm, 'two'),
        Container.create(peer, 'far'),
      ]);
      const targets = [await two.addAddress(), await far.addAddress(), vm.nic().primary, '10.240.0.1'];
      const own = await one.addAddress();
      const seen = [await link(vm, 'azure0'), ...(await hostVeths(vm)), await link(one, 'eth0')];
      assert.deepEqual(
        seen.map((it) => it.mtu),
        [mtu, mtu, mtu, mtu],
      );
      for (const target of targets) await assertAnswered(one, target, mtu);
      await assertAnswered(far, own, mtu);
      const tooLong = await one.exec([
        'ping',
        '-c',
        '1',
        '-M',
        'do',
        '-s',
        String(mtu + 1 - 28),
        targets[0] ?? '',
      ]);
      assert.match(tooLong.stdout + tooLong.stderr, new RegExp(`message too long, mtu=${mtu}`, 'i'));
    });
  }
});

function isHairpin({ linkinfo }: { linkinfo?: { info_slave_data?: { hairpin?: boolean } } }): boolean {
  return linkinfo?.info_slave_data?.hairpin === true;
}
