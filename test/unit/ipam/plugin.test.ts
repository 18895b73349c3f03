/** ADD of azure-vnet-ipam: which address, from where, and what it says when there is none. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { REST_MS } from '../../../src/ipam/allocate.ts';
import { LEASES_DIR } from '../../../src/ipam/leases.ts';
import { type Ipv4, parseIpv4 } from '../../../src/net/ipv4.ts';
import { eth0, FakeVm, refused, vm } from './fake-vm.ts';

test('ADD answers with the address, gateway, default route and resolver, and no interfaces', () => {
  const gateway = { family: 4, address: parseIpv4('10.240.0.1') };
  assert.deepEqual(vm().result('c1'), {
    ok: true,
    value: {
      interfaces: [],
      ips: [{ address: { family: 4, address: parseIpv4('10.240.0.5'), prefixBits: 16 }, gateway }],
      routes: [{ dst: { family: 4, address: 0, prefixBits: 0 }, gw: gateway }],
      dns: { nameservers: ['168.63.129.16'] },
    },
  });
});

test('ADD gives never used addresses in ascending order', () => {
  const machine = new FakeVm(eth0(['10.240.0.10', '10.240.0.9', '10.240.1.1']));
  assert.deepEqual(
    ['c1', 'c2', 'c3'].map((container) => machine.add(container)),
    ['10.240.0.9', '10.240.0.10', '10.240.1.1'],
  );
});

test('ADD never gives the primary address', () => {
  const machine = vm(0);
  assert.equal(refused(machine.add('c1')).code, 'POOL_EMPTY');
  assert.equal(refused(machine.add('c1', { ipam: { ipAddress: '10.240.0.4' } })).code, 'ADDRESS_UNAVAILABLE');
});

test('ADD again gives the same address; another interface, container or network another one', () => {
  const machine = vm();
  assert.equal(machine.add('c1'), '10.240.0.5');
  assert.equal(machine.add('c1'), '10.240.0.5');
  assert.equal(machine.add('c1', { ifname: 'eth1' }), '10.240.0.6');
  assert.equal(machine.add('c2'), '10.240.0.7');
  assert.equal(machine.add('c1', { network: 'other' }), '10.240.0.8');
  assert.equal(machine.world.list(LEASES_DIR).length, 4);
});

test('ADD remembers network and pod with the lease', () => {
  const machine = vm();
  machine.add('c1', { network: 'n1', args: { podName: 'web', podNamespace: 'shop' } });
  const lease = JSON.parse(machine.world.read(`${LEASES_DIR}/10.240.0.5@c1@eth0`));
  assert.equal(lease.network, 'n1');
  assert.equal(lease.podName, 'web');
  assert.equal(lease.podNamespace, 'shop');
  assert.equal(lease.pool, '10.240.0.0/16 (eth0)');
});

test('ADD says how many of how many are used, and serves again after DEL', () => {
  const machine = vm(5);
  for (let i = 0; i < 5; i++) machine.add(`c${i}`);
  assert.deepEqual(refused(machine.add('c5')), {
    code: 'POOL_EXHAUSTED',
    message: 'No available addresses: 5 of 5 used in 10.240.0.0/16; add ipconfigs to the NIC or remove pods',
  });
  machine.run('DEL', 'c2');
  assert.equal(machine.add('c5'), '10.240.0.7');
});

test('ADD says that there are no ipconfigs at all', () => {
  assert.deepEqual(refused(vm(0).add('c1')), {
    code: 'POOL_EMPTY',
    message:
      'No available addresses: eth0 has no secondary ipconfigs in 10.240.0.0/16; add ipconfigs to the NIC',
  });
});

test('ADD gives the address that was released longest ago, once all have been used', () => {
  const machine = vm(3);
  for (const container of ['c1', 'c2', 'c3']) machine.add(container);
  for (const container of ['c2', 'c3', 'c1']) {
    machine.world.nowMs += REST_MS;
    machine.run('DEL', container);
  }
  const given = ['c4', 'c5', 'c6'].map((container) => machine.add(container));
  assert.deepEqual(given, ['10.240.0.6', '10.240.0.7', '10.240.0.5']);
});

test('ADD lets a released address rest while others are free, but not when it is the last', () => {
  const machine = vm(2);
  machine.add('c1');
  machine.run('DEL', 'c1');
  assert.equal(machine.add('c2'), '10.240.0.6');
  assert.deepEqual(machine.notes, []);
  machine.world.nowMs += 4000;
  assert.equal(machine.add('c3'), '10.240.0.5');
  assert.deepEqual(machine.notes, ['10.240.0.5 was released 4 s ago; no other address is free']);
});

test('ADD skips addresses that are on the host, and says how to stop that', () => {
  const machine = vm(3);
  const [nic] = machine.nics;
  assert.ok(nic);
  nic.onHost = ['10.240.0.5', '10.240.0.7'];
  assert.equal(machine.add('c1'), '10.240.0.6');
  assert.match(
    machine.notes.join(),
    /on the host's own interfaces.*: 10\.240\.0\.5, 10\.240\.0\.7; cloud-init/,
  );
  assert.match(machine.notes.join(), /apply_network_config_for_secondary_ips: false/);
  assert.match(
    refused(machine.add('c2')).message,
    /^No available addresses: 1 of 3 used in 10\.240\.0\.0\/16 \(and 2 on the host's own interfaces\); .*cloud-init/,
  );
  const taken = refused(machine.add('c2', { ipam: { ipAddress: '10.240.0.5' } }));
  assert.match(taken.message, /10\.240\.0\.5 is not available: it is on an interface of the host/);
});

test('ADD finds addresses of the host on any link', () => {
  const machine = vm(2);
  machine.otherLinks.push({ index: 9, name: 'docker0', kind: 'bridge', addresses: ['10.240.0.5/24'] });
  assert.equal(machine.add('c1'), '10.240.0.6');
});

test('ADD honours a requested address, wherever it is requested', () => {
  const machine = vm();
  const wanted = ['10.240.0.9', '10.240.0.8', '10.240.0.7', '10.240.0.6'];
  const [byIpam, byArgs, byRuntime, byCni] = wanted;
  assert.equal(machine.add('c1', { ipam: { ipAddress: byIpam } }), byIpam);
  assert.equal(machine.add('c2', { args: { ip: parseIpv4(byArgs ?? '') as Ipv4 } }), byArgs);
  assert.equal(machine.add('c3', { config: { runtimeConfig: { ips: [`${byRuntime}/16`] } } }), byRuntime);
  assert.equal(machine.add('c4', { config: { args: { cni: { ips: [byCni ?? ''] } } } }), byCni);
  assert.equal(machine.add('c1', { ipam: { ipAddress: byIpam } }), byIpam, 'again');
});

test('ADD refuses a requested address that it cannot give, and says why', () => {
  const machine = vm();
  machine.add('c1');
  const why = (address: string, container = 'c2') => {
    const failure = refused(machine.add(container, { ipam: { ipAddress: address } }));
    assert.equal(failure.code, 'ADDRESS_UNAVAILABLE');
    return failure.message.replace(`Requested address ${address} is not available: `, '');
  };
  assert.equal(why('10.241.0.5'), 'it is outside 10.240.0.0/16');
  assert.equal(
    why('10.240.0.99'),
    'it is no secondary ipconfig of eth0; add one, or ask for another address',
  );
  assert.equal(why('10.240.0.5'), 'it is in use by container c1 (eth0)');
  assert.equal(why('10.240.0.6', 'c1'), 'container c1 (eth0) has 10.240.0.5 already; DEL it first');
  assert.equal(machine.world.list(LEASES_DIR).length, 1);
});

test('ADD takes a requested address that was just released', () => {
  const machine = vm();
  machine.add('c1');
  machine.run('DEL', 'c1');
  assert.equal(machine.add('c2', { ipam: { ipAddress: '10.240.0.5' } }), '10.240.0.5');
});

test('ADD reads the pool from a file', () => {
  const machine = vm();
  const document = {
    Interfaces: [
      {
        MacAddress: '*',
        IPSubnets: [{ Prefix: '10.240.0.0/16', IPAddresses: [{ Address: '10.240.0.77' }] }],
      },
    ],
  };
  machine.world.write('/etc/kubernetes/interfaces.json', JSON.stringify(document));
  assert.equal(machine.add('c1', { ipam: { environment: 'mas' } }), '10.240.0.77');
  assert.equal(machine.queries, 0);
  const missing = refused(
    machine.add('c2', { ipam: { environment: 'fileIpam', sourceFile: '/etc/none.json' } }),
  );
  assert.match(missing.message, /address source \/etc\/none\.json gave no addresses: .*ENOENT/);
});

test('ADD refuses a configuration that it cannot read', () => {
  assert.equal(refused(vm().add('c1', { ipam: { subnet: '10.240.0.4/16' } })).code, 'INVALID_CONFIG');
});

test('ADD reports a disk that is full, and has taken nothing', () => {
  const machine = vm();
  machine.add('c0');
  const full = { fault: (call: { name: string }) => (call.name === 'write' ? 'ENOSPC' : undefined) };
  assert.equal(refused(machine.add('c1', { process: full })).code, 'IO');
  assert.equal(machine.process.openDescriptors, 0);
  assert.deepEqual(machine.world.list(LEASES_DIR), ['10.240.0.5@c0@eth0']);
});

test('ADD makes few calls of the system when the answer of the source is cached', () => {
  const machine = vm();
  machine.add('c1');
  machine.add('c2');
  // netlink, send, recv, close; cache 3; lock 4; readdir; lease: open, write, fsync, close, rename.
  assert.ok(machine.process.calls <= 18, String(machine.process.calls));
});
