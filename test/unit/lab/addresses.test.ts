import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { planIpconfigs, planNic, privateBlock } from '../../../lab/addresses.ts';
import { type LabState, type NicState, STATE_VERSION } from '../../../lab/model.ts';

const EMPTY: LabState = {
  version: STATE_VERSION,
  name: 'test',
  subnet: '10.240.0.0/24',
  tied: true,
  wireserver: 'ok',
  vms: [],
};

function withNics(nics: readonly NicState[]): LabState {
  const process = { pid: 1, startTicks: '0' };
  const anchor = { outer: process, inner: process };
  return {
    ...EMPTY,
    vms: nics.map((nic, i) => ({ name: `vm${i}`, anchor, nics: [nic], cniPath: [], pods: [] })),
  };
}

test('planNic() takes the next free addresses and tells the address in the MAC', () => {
  const nic = planNic(EMPTY, [], 'vm1', { secondaries: 2 });
  assert.deepEqual(nic, {
    name: 'eth0',
    port: 'vm1-eth0',
    mac: '00:0d:3a:f0:00:04',
    mtu: 1500,
    subnet: '10.240.0.0/24',
    primary: '10.240.0.4',
    secondaries: ['10.240.0.5', '10.240.0.6'],
  });
});

test('planNic() never assigns an address twice, nor one that Azure keeps', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 }), (counts) => {
      const nics: NicState[] = [];
      for (const secondaries of counts) {
        nics.push(planNic(withNics(nics), [], `vm${nics.length}`, { secondaries }));
      }
      const addresses = nics.flatMap((nic) => [nic.primary, ...nic.secondaries]);
      assert.equal(new Set(addresses).size, addresses.length);
      for (const kept of ['10.240.0.0', '10.240.0.1', '10.240.0.2', '10.240.0.3', '10.240.0.255']) {
        assert.ok(!addresses.includes(kept), kept);
      }
    }),
  );
});

test('privateBlock() is the block of RFC 1918 that a subnet is of', () => {
  const blocks = ['10.1.0.0/16', '172.29.3.0/24', '192.168.0.0/24'].map(privateBlock);
  assert.deepEqual(blocks, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']);
});

test('planNic() refuses what Azure would refuse, naming the value', () => {
  const first = planNic(EMPTY, [], 'vm0', { mac: '60:45:bd:00:00:01', secondaries: 1 });
  const state = withNics([first]);
  const refusals: [Parameters<typeof planNic>[3], RegExp][] = [
    [{ primary: '10.240.0.3' }, /^10\.240\.0\.3 cannot be assigned in 10\.240\.0\.0\/24/],
    [{ primary: '10.240.0.255' }, /cannot be assigned/],
    [{ primary: '10.240.1.4' }, /cannot be assigned/],
    [{ primary: '10.240.0.4' }, /^10\.240\.0\.4 is an ipconfig of another NIC already/],
    [{ primary: '10.240.0.04' }, /^"10\.240\.0\.04" is not an IPv4 address/],
    [{ secondaries: ['10.240.0.9', '10.240.0.9'] }, /is an ipconfig of another NIC/],
    [{ secondaries: 250 }, /^The subnet 10\.240\.0\.0\/24 has no free address left/],
    [{ subnet: '203.0.113.0/24' }, /is not a private network/],
    [{ subnet: '172.0.0.0/9' }, /is not a private network/],
    [{ subnet: '10.240.0.1/24' }, /is not a private network/],
    [{ subnet: '10.240.0.0/30' }, /is not a private network/],
    [{ subnet: '10.240.0.0/16' }, /overlaps 10\.240\.0\.0\/24 of vm0-eth0/],
    [{ mac: '60:45:bd:00:00:01' }, /is that of vm0-eth0 already/],
    [{ mac: '01:00:5e:00:00:01' }, /is not a unicast MAC address/],
    [{ mtu: 575 }, /^The MTU 575 is not/],
    [{ mtu: 1500.5 }, /^The MTU 1500\.5 is not/],
  ];
  for (const [options, message] of refusals) {
    assert.throws(
      () => planNic(state, [], 'vm1', options),
      { name: 'LabError', message },
      JSON.stringify(options),
    );
  }
});

test('planNic() names further NICs of a VM eth1, eth2', () => {
  const first = planNic(EMPTY, [], 'vm1', {});
  const second = planNic(EMPTY, [first], 'vm1', { subnet: '10.241.0.0/29', secondaries: 2 });
  assert.equal(second.port, 'vm1-eth1');
  assert.deepEqual(second.secondaries, ['10.241.0.5', '10.241.0.6'], 'a /29 has three addresses to assign');
});

test('planIpconfigs() continues where the NIC ends, and fills gaps first', () => {
  const nic = planNic(EMPTY, [], 'vm1', { secondaries: ['10.240.0.5', '10.240.0.8'] });
  assert.deepEqual(planIpconfigs(withNics([nic]), nic, 3), ['10.240.0.6', '10.240.0.7', '10.240.0.9']);
});
