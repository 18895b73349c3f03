/** The move of the host's addresses, in a kernel in memory that starts with captured addresses and routes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { formatIpv4Net } from '../../../src/net/cidr.ts';
import { readMessages, u32At } from '../../../src/net/netlink/reader.ts';
import { ipv4NetOf } from '../../../src/net/rtnl/address.ts';
import type { Link } from '../../../src/net/rtnl/link.ts';
import { parseRoute } from '../../../src/net/rtnl/route.ts';
import { captureHostConfig, type HostConfig, mergeHostConfig } from '../../../src/vnet/host-config.ts';
import { moveToBridge, moveToNic } from '../../../src/vnet/host-move.ts';
import { toHex } from '../../fixtures/netlink/format.ts';
import { capturedDump } from '../../fixtures/netlink/load.ts';
import { wireTo } from '../net/netlink/kernel.ts';
import { FakeRoute, Stopped } from './fake-route.ts';
import { mac } from './hosts.ts';

const MAC = mac('00:0d:3a:f0:00:04');
const NIC: Link = { index: 2, name: 'eth0', mac: MAC, mtu: 1500, up: true, running: true, loopback: false };
const BRIDGE: Link = { ...NIC, index: 3, name: 'azure0', kind: 'bridge' };
const EPERM = 1;

/** A node before: what is captured of a NIC, without what is not moved. */
function node(): { kernel: FakeRoute; socket: ReturnType<typeof wireTo>['socket']; config: HostConfig } {
  const addresses = ['nic-addresses-4', 'nic-addresses-6']
    .flatMap(capturedDump)
    .filter(({ type }) => type === 20);
  const routes = ['nic-routes-4', 'nic-routes-6']
    .flatMap(capturedDump)
    .filter((message) => message.type === 24 && parseRoute(message) !== undefined);
  const kernel = new FakeRoute(addresses, routes);
  const { socket } = wireTo(kernel.kernel);
  return { kernel, socket, config: captureHostConfig(socket, NIC.index) };
}

/** Addresses and routes as text, without the link that has them. */
function texts({ addresses, routes }: HostConfig): string[] {
  return [
    ...addresses.map((address) => {
      const net = ipv4NetOf(address);
      return net === undefined ? `${toHex(address.local)}/${address.prefixBits}` : formatIpv4Net(net);
    }),
    ...routes.map(
      ({ dst, dstBits, gateway, table }) =>
        `${toHex(dst ?? new Uint8Array())}/${dstBits} via ${toHex(gateway ?? new Uint8Array())} table ${table}`,
    ),
  ].sort();
}

test('moveToBridge() moves every address and route, and makes the NIC a port', () => {
  const { kernel, socket, config } = node();
  assert.ok(config.addresses.length >= 5 && config.routes.length >= 10);
  assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
  assert.deepEqual(texts(captureHostConfig(socket, BRIDGE.index)), texts(config));
  assert.deepEqual(captureHostConfig(socket, NIC.index), { addresses: [], routes: [] });
  assert.equal(kernel.masters.get(NIC.index), BRIDGE.index);
});

test('moveToBridge() completes what was interrupted before any of its messages', () => {
  for (let stop = 0; ; stop++) {
    const { kernel, socket, config } = node();
    kernel.stopBefore = stop;
    try {
      assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
      assert.ok(
        stop > config.addresses.length * 2 + config.routes.length,
        'the batch was stopped everywhere',
      );
      return;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    kernel.stopBefore = undefined;
    // The next call knows the journal, and finds both links as they are.
    const onNic = captureHostConfig(socket, NIC.index);
    const present = mergeHostConfig(onNic, captureHostConfig(socket, BRIDGE.index));
    const all = mergeHostConfig(config, present);
    assert.equal(moveToBridge(socket, NIC, BRIDGE, all), undefined, `stopped before message ${stop}`);
    assert.deepEqual(texts(captureHostConfig(socket, BRIDGE.index)), texts(config), `stopped before ${stop}`);
    assert.deepEqual(captureHostConfig(socket, NIC.index).addresses, []);
  }
});

test('moveToBridge() twice is the same as once', () => {
  const { socket, config } = node();
  assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
  assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
  assert.deepEqual(texts(captureHostConfig(socket, BRIDGE.index)), texts(config));
});

test('moveToBridge() has routes on the bridge before the NIC loses its last address', () => {
  const { kernel, socket, config } = node();
  for (let stop = 0; ; stop++) {
    const fresh = node();
    fresh.kernel.stopBefore = stop;
    try {
      moveToBridge(fresh.socket, NIC, BRIDGE, fresh.config);
      break;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    // At any time the node has its address on one of the links, and a default route through one of them.
    const both = [NIC, BRIDGE].map(({ index }) => fresh.kernel.configOf(index));
    assert.ok(both.some(({ addresses }) => addresses.some(({ local }) => toHex(local) === '0af00004')));
    assert.ok(both.some(({ routes }) => routes.some(({ dst, family }) => dst === undefined && family === 2)));
  }
  assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
  assert.equal(kernel.deletedLinks, 0);
});

test('moveToBridge() asks for the bridge when it has a port and before a route leads there', () => {
  const [RTM_NEWLINK, RTM_GETLINK, RTM_NEWROUTE] = [16, 18, 24];
  const { kernel, config } = node();
  const { socket, sent } = wireTo(kernel.kernel);
  assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
  const batch = readMessages(sent[0] ?? new Uint8Array());
  const types = batch.map(({ type }) => type);
  const at = types.indexOf(RTM_GETLINK);
  assert.equal(u32At(batch[at]?.payload ?? new Uint8Array(), 4), BRIDGE.index);
  assert.equal(types.indexOf(RTM_NEWLINK), at - 1);
  assert.equal(types.indexOf(RTM_NEWROUTE), at + 1);
});

test('moveToBridge() names the step that the kernel refused', () => {
  const { kernel, socket, config } = node();
  kernel.refuse = { index: config.addresses.length, errno: EPERM };
  const failure = moveToBridge(socket, NIC, BRIDGE, config);
  assert.equal(failure?.code, 'NETWORK_SETUP');
  assert.match(failure?.message ?? '', /The kernel refused step 6 of moving the host's addresses: EPERM/);
});

test('moveToBridge() sees what did not arrive', () => {
  const { kernel, socket, config } = node();
  // The kernel says nothing about a route that it takes and does not keep.
  kernel.refuse = { index: config.addresses.length + 2, errno: 0 };
  const failure = moveToBridge(socket, NIC, BRIDGE, config);
  assert.match(
    failure?.message ?? '',
    /did not arrive on azure0: 0 of 5 addresses and 1 of 10 routes are missing/,
  );
});

test('moveToNic() gives everything back', () => {
  for (const deleteBridge of [false, true]) {
    const { kernel, socket, config } = node();
    assert.equal(moveToBridge(socket, NIC, BRIDGE, config), undefined);
    assert.equal(moveToNic(socket, NIC, BRIDGE, config, { deleteBridge }), undefined);
    const onNic = captureHostConfig(socket, NIC.index);
    assert.deepEqual(onNic.addresses.length, config.addresses.length);
    // The connected route of IPv6 comes with its address, which the kernel in memory does not make.
    const connected6 = 'fd000240000000000000000000000000/64 via  table 254';
    assert.deepEqual(
      texts(config).filter((line) => line !== connected6),
      texts(onNic),
    );
    assert.deepEqual(captureHostConfig(socket, BRIDGE.index), { addresses: [], routes: [] });
    assert.equal(kernel.masters.get(NIC.index), 0);
    assert.equal(kernel.deletedLinks, deleteBridge ? 1 : 0);
  }
});

test('moveToNic() takes a bridge that has nothing: an earlier call had got that far', () => {
  const { socket, config } = node();
  assert.equal(moveToNic(socket, NIC, BRIDGE, config, { deleteBridge: false }), undefined);
  assert.equal(captureHostConfig(socket, NIC.index).addresses.length, config.addresses.length);
});
