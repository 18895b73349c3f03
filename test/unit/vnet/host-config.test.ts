/** What makes a NIC the node's own, from captured answers of the kernel (test/fixtures/netlink). */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import type { JsonValue } from '../../../src/cni/types.ts';
import { formatIpv4Net } from '../../../src/net/cidr.ts';
import { formatIpv4, ipv4FromBytes } from '../../../src/net/ipv4.ts';
import { formatIpv6, type Ipv6 } from '../../../src/net/ipv6.ts';
import {
  AF_INET,
  AF_INET6,
  hasPrefixRoute,
  ipv4NetOf,
  type LinkAddress,
  withPrefixRoute,
} from '../../../src/net/rtnl/address.ts';
import type { Route } from '../../../src/net/rtnl/route.ts';
import {
  asOnNic,
  captureHostConfig,
  comesWithAddress,
  type HostConfig,
  hostConfigFromJson,
  hostConfigToJson,
  mergeHostConfig,
  sameAddress,
  sameRoute,
} from '../../../src/vnet/host-config.ts';
import { capturedDump } from '../../fixtures/netlink/load.ts';
import { type Kernel, replay, wireTo } from '../net/netlink/kernel.ts';

const NIC = 2;
const LOOPBACK = 1;
const [RTM_NEWADDR, RTM_NEWROUTE, RTM_GETADDR, RTM_GETROUTE] = [20, 24, 22, 26];

/** Answers as the kernel did when the capture was made. */
const CAPTURED: Kernel = ([request]) => {
  const family = request?.payload[0];
  const version = family === AF_INET ? 4 : family === AF_INET6 ? 6 : assert.fail(`family ${family}`);
  const dumps: Readonly<Record<number, readonly [string, number]>> = {
    [RTM_GETADDR]: [`nic-addresses-${version}`, RTM_NEWADDR],
    [RTM_GETROUTE]: [`nic-routes-${version}`, RTM_NEWROUTE],
  };
  const [name, type] = dumps[request?.type ?? 0] ?? assert.fail(`type ${request?.type}`);
  return replay(
    capturedDump(name).filter((message) => message.type === type),
    request?.sequence ?? 0,
  );
};

const nic = captureHostConfig(wireTo(CAPTURED).socket, NIC);

test('captureHostConfig() takes the global addresses of the NIC, of both families, primary ones first', () => {
  assert.deepEqual(nic.addresses.map(addressText), [
    '10.240.0.4/16',
    '10.250.0.4/31',
    '10.251.0.4/24',
    '10.240.0.7/16',
    'fd00:240::4/64',
  ]);
});

test('captureHostConfig() takes the routes through the NIC, in the order in which they can be added', () => {
  assert.deepEqual(nic.routes.map(routeText), [
    'fd00:240::/64',
    '169.254.169.254/32',
    '10.250.0.4/31',
    '10.251.0.0/24',
    '10.98.0.0/16 table 1000',
    '10.240.0.0/16',
    '168.63.129.16/32 via 10.240.0.1',
    '10.99.0.0/16 via 192.0.2.1',
    'default via 10.240.0.1',
    'default via fe80::1',
  ]);
});

test('captureHostConfig() of the loopback is empty: its addresses and routes are of the host alone', () => {
  assert.deepEqual(captureHostConfig(wireTo(CAPTURED).socket, LOOPBACK), { addresses: [], routes: [] });
});

test('hostConfigToJson() and back gives the same addresses and routes, all attributes included', () => {
  const text = JSON.stringify(hostConfigToJson(nic));
  const back = hostConfigFromJson(JSON.parse(text)) ?? assert.fail();
  assert.deepEqual(back.addresses.map(addressText), nic.addresses.map(addressText));
  assert.deepEqual(back.routes.map(routeText), nic.routes.map(routeText));
  back.addresses.forEach((address, i) => {
    const before = nic.addresses[i] ?? assert.fail();
    assert.ok(sameAddress(address, before));
    assert.deepEqual([address.scope, address.linkIndex], [before.scope, before.linkIndex]);
    // The label names the link and the flags what the kernel has found out: neither goes along.
    const kept = ({ attrs }: LinkAddress) => attrs.filter(({ type }) => ![LABEL, FLAGS].includes(type));
    assert.deepEqual(kept(address), kept(before));
  });
  back.routes.forEach((route, i) => {
    const before = nic.routes[i] ?? assert.fail();
    assert.ok(sameRoute(route, before));
    assert.equal(route.linkIndex, before.linkIndex);
    assert.deepEqual(
      route.attrs,
      before.attrs.filter(({ type }) => type !== CACHE_INFO),
    );
  });
  assert.equal(JSON.stringify(hostConfigToJson(back)), text);
});

test('hostConfigFromJson() gives nothing for a damaged journal', () => {
  const good = hostConfigToJson(nic);
  const { addresses } = good as { addresses: string[] };
  const damaged: JsonValue[] = [
    null,
    'x',
    [],
    {},
    { addresses: [] },
    { ...good, addresses: {} },
    { ...good, routes: [1] },
    { ...good, routes: [''] },
    { ...good, routes: ['0'] },
    { ...good, routes: ['0G'] },
    { ...good, routes: ['00'] },
    { ...good, addresses: [...addresses, '0210'] },
    // The length of an attribute reaches beyond the end.
    { ...good, addresses: [addresses[0]?.slice(0, -2) ?? ''].map((hex) => hex.slice(0, 24)) },
  ];
  for (const value of damaged) assert.equal(hostConfigFromJson(value), undefined, JSON.stringify(value));
  assert.equal(hostConfigFromJson(undefined), undefined);
});

test('hostConfigFromJson() throws at nothing', () => {
  const hex = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const list = fc.array(hex, { maxLength: 3 });
  const value = fc.oneof(fc.jsonValue(), fc.record({ addresses: list, routes: list }));
  fc.assert(
    fc.property(value, (json) => {
      const config = hostConfigFromJson(json as JsonValue);
      if (config !== undefined) hostConfigToJson(config);
    }),
  );
});

test('mergeHostConfig() has everything of both once, what comes first wins, routes in order', () => {
  const half: HostConfig = { addresses: nic.addresses.slice(2), routes: nic.routes.slice(3) };
  const rest: HostConfig = { addresses: nic.addresses.slice(0, 3), routes: nic.routes.slice(0, 5) };
  for (const merged of [mergeHostConfig(half, rest), mergeHostConfig(rest, half)]) {
    assert.deepEqual(merged.addresses.map(addressText).sort(), nic.addresses.map(addressText).sort());
    assert.deepEqual(merged.routes.map(routeText), nic.routes.map(routeText));
  }
  assert.deepEqual(mergeHostConfig(nic, nic), nic);
  assert.deepEqual(mergeHostConfig({ addresses: [], routes: [] }, nic), nic);
  const other = nic.addresses.map((address) => ({ ...address, linkIndex: 9 }));
  const merged = mergeHostConfig(nic, { addresses: other, routes: [] });
  assert.ok(merged.addresses.every(({ linkIndex }) => linkIndex === NIC));
});

test('asOnNic() gives addresses their prefix route back, but for those that had none on the NIC', () => {
  const onBridge = { ...nic, addresses: nic.addresses.map((address) => withPrefixRoute(address, false)) };
  assert.ok(asOnNic(onBridge, undefined).addresses.every(hasPrefixRoute));
  const [first] = nic.addresses;
  assert.ok(first !== undefined);
  const managed = { routes: [], addresses: [withPrefixRoute(first, false)] };
  assert.deepEqual(asOnNic(onBridge, managed).addresses.map(hasPrefixRoute), [false, true, true, true, true]);
  assert.deepEqual(asOnNic(onBridge, managed).routes, nic.routes);
});

test('comesWithAddress() tells the connected routes of IPv6, which the kernel makes by itself', () => {
  const own = nic.routes.filter((route) => comesWithAddress(route, nic.addresses));
  assert.deepEqual(own.map(routeText), ['fd00:240::/64']);
  const [route] = own;
  assert.ok(route !== undefined);
  assert.equal(comesWithAddress(route, []), false);
  const without = nic.addresses.map((address) => withPrefixRoute(address, false));
  assert.equal(comesWithAddress(route, without), false, 'an address without prefix route makes none');
  assert.equal(comesWithAddress({ ...route, dstBits: 48 }, nic.addresses), false, 'another prefix');
  const header = route.header.slice();
  header[5] = 4; // RTPROT_STATIC
  assert.equal(comesWithAddress({ ...route, header }, nic.addresses), false, 'somebody has added it');
});

test('comesWithAddress() compares as many bits as the prefix has', () => {
  const [route] = nic.routes.filter((one) => comesWithAddress(one, nic.addresses));
  const [address] = nic.addresses.filter(({ family }) => family === AF_INET6);
  assert.ok(route !== undefined && address !== undefined);
  for (let prefixBits = 1; prefixBits <= 128; prefixBits++) {
    const dst: Uint8Array = address.local.map(
      (byte, i) => byte & ((0xff00 >> clamp(prefixBits - i * 8)) & 0xff),
    );
    const here: Route = { ...route, dst, dstBits: prefixBits };
    assert.equal(comesWithAddress(here, [{ ...address, prefixBits }]), true, `${prefixBits} bits`);
    const last = prefixBits - 1;
    const other = dst.map((byte, i) => (i === last >> 3 ? byte ^ (0x80 >> (last & 7)) : byte));
    assert.equal(
      comesWithAddress({ ...here, dst: other }, [{ ...address, prefixBits }]),
      false,
      `bit ${last}`,
    );
  }
});

test('sameAddress() looks at family, address and prefix', () => {
  const [first, second] = nic.addresses;
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(sameAddress(first, { ...first, linkIndex: 9, flags: 0, attrs: [] }));
  assert.ok(!sameAddress(first, second));
  assert.ok(!sameAddress(first, { ...first, prefixBits: 24 }));
});

test('sameRoute() looks at what the kernel tells two routes apart by', () => {
  const [route] = nic.routes.filter(({ dstBits, gateway }) => dstBits === 32 && gateway !== undefined);
  assert.ok(route !== undefined);
  assert.ok(sameRoute(route, { ...route, linkIndex: 9, gateway: Uint8Array.of(10, 240, 0, 2) }));
  const attrs = route.attrs.map((attr) =>
    attr.type === PRIORITY ? { type: PRIORITY, value: Uint8Array.of(101, 0, 0, 0) } : attr,
  );
  assert.ok(!sameRoute(route, { ...route, attrs }), 'another metric');
  assert.ok(!sameRoute(route, { ...route, table: 1000 }), 'another table');
  assert.ok(!sameRoute(route, { ...route, dstBits: 31 }), 'another prefix');
  assert.ok(!sameRoute(route, { ...route, dst: Uint8Array.of(10, 0, 0, 0) }), 'another destination');
  const header = route.header.slice();
  header[3] = 8;
  assert.ok(!sameRoute(route, { ...route, header }), 'another type of service');
});

function addressText(address: LinkAddress): string {
  const net = ipv4NetOf(address);
  return net === undefined ? `${text(address.local)}/${address.prefixBits}` : formatIpv4Net(net);
}

function routeText({ dst, dstBits, gateway, table }: Route): string {
  const to = dst === undefined ? 'default' : `${text(dst)}/${dstBits}`;
  return `${to}${gateway === undefined ? '' : ` via ${text(gateway)}`}${table === 254 ? '' : ` table ${table}`}`;
}

function text(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIpv4(ipv4FromBytes(bytes)) : formatIpv6(bytes as Ipv6);
}

/** How many bits of an octet belong to a prefix. */
function clamp(bits: number): number {
  return Math.min(8, Math.max(0, bits));
}

/** IFA_LABEL, IFA_FLAGS, RTA_PRIORITY, RTA_CACHEINFO. */
const [LABEL, FLAGS, PRIORITY, CACHE_INFO] = [3, 8, 6, 12];

test('hostConfigToJson() keeps whether an address makes its connected route itself', () => {
  const [first, ...rest] = nic.addresses;
  assert.ok(first);
  const managed = { ...nic, addresses: [withPrefixRoute(first, false), ...rest] };
  const read = hostConfigFromJson(JSON.parse(JSON.stringify(hostConfigToJson(managed))));
  assert.deepEqual(read?.addresses.map(hasPrefixRoute), managed.addresses.map(hasPrefixRoute));
  assert.equal(read?.addresses.map(hasPrefixRoute)[0], false);
});

test('asOnNic() gives the addresses of a bridge their connected routes back, unless they had none before', () => {
  const onBridge = { ...nic, addresses: nic.addresses.map((address) => withPrefixRoute(address, false)) };
  assert.deepEqual(
    asOnNic(onBridge, undefined).addresses.map(hasPrefixRoute),
    onBridge.addresses.map(() => true),
  );
  const [first] = nic.addresses;
  assert.ok(first);
  const before = { ...nic, addresses: [withPrefixRoute(first, false)] };
  assert.deepEqual(
    asOnNic(onBridge, before).addresses.map(hasPrefixRoute),
    onBridge.addresses.map((_, i) => i > 0),
  );
});

test('comesWithAddress() knows the connected routes of IPv6 that the kernel makes', () => {
  const connected = nic.routes.filter((route) => comesWithAddress(route, nic.addresses));
  assert.deepEqual(connected.map(routeText), ['fd00:240::/64']);
  const managed = nic.addresses.map((address) => withPrefixRoute(address, false));
  assert.deepEqual(
    nic.routes.filter((route) => comesWithAddress(route, managed)),
    [],
  );
  assert.deepEqual(
    nic.routes.filter((route) => comesWithAddress(route, [])),
    [],
  );
});
