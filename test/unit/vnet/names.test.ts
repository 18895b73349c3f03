import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import type { Ipv4 } from '../../../src/net/ipv4.ts';
import { macBytes, parseMac } from '../../../src/net/mac.ts';
import {
  addressOfHostVeth,
  defaultBridgeName,
  hostVethMac,
  hostVethName,
  podMac,
} from '../../../src/vnet/names.ts';
import { FakeWorld } from '../../support/fake-sys.ts';
import { ip, mac } from './hosts.ts';

const sys = new FakeWorld().process();
const anyAddress = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4);

test('hostVethName() is the name that the original plugin gives', () => {
  const cases = [
    ['azure', '1'.repeat(64), 'eth0', 'azvb6e4fcf5896'],
    ['azure', '2'.repeat(64), 'eth0', 'azv03fec0c1354'],
    ['azure', 'aaaaaaaaaaaa', 'eth0', 'azvebf149ba489'],
  ] as const;
  for (const [network, containerId, ifname, expected] of cases) {
    assert.equal(hostVethName(sys, network, { containerId, ifname }), expected);
  }
});

test('hostVethName() is 14 characters, and another for each network, container and interface', () => {
  const text = fc.string({ minLength: 1, maxLength: 80, unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, (network, containerId, ifname) => {
      const name = hostVethName(sys, network, { containerId, ifname });
      assert.match(name, /^azv[0-9a-f]{11}$/);
      assert.notEqual(name, hostVethName(sys, network, { containerId, ifname: `${ifname}x` }));
      assert.notEqual(name, hostVethName(sys, network, { containerId: `${containerId}x`, ifname }));
    }),
  );
});

test('defaultBridgeName() has the index of the NIC', () => {
  assert.equal(defaultBridgeName(3), 'azure3');
});

test('podMac() is unicast, locally administered, and tells the address', () => {
  assert.equal(podMac(ip('10.240.0.5')), '02:0d:0a:f0:00:05');
  assert.equal(podMac(ip('255.255.255.255')), '02:0d:ff:ff:ff:ff');
  fc.assert(
    fc.property(anyAddress, (address) => {
      const [first = 0] = macBytes(podMac(address));
      assert.equal(first & 3, 2);
      assert.notEqual(podMac(address), hostVethMac(address));
    }),
  );
});

test('hostVethMac() is unicast and higher than the MAC of any NIC of Azure', () => {
  assert.equal(hostVethMac(ip('10.240.0.5')), 'fe:0d:0a:f0:00:05');
  for (const prefix of ['00:0d:3a', '00:22:48', '60:45:bd', '7c:1e:52']) {
    assert.ok(hostVethMac(ip('0.0.0.0')) > mac(`${prefix}:ff:ff:ff`));
  }
});

test('addressOfHostVeth() gives back the address of hostVethMac(), nothing for another MAC', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      assert.equal(addressOfHostVeth(hostVethMac(address)), address);
      assert.equal(addressOfHostVeth(podMac(address)), undefined);
    }),
  );
  assert.equal(addressOfHostVeth(mac('00:0d:3a:f0:00:04')), undefined);
  assert.equal(addressOfHostVeth(mac('fe:0e:0a:f0:00:04')), undefined);
  assert.notEqual(parseMac(hostVethMac(ip('10.240.0.5'))), undefined);
});
