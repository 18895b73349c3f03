/** What the kernel answers, read by src/net/rtnl and by `ip -j -d` at the same moment. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { formatIpv4Net, parseCidr } from '../../../../src/net/cidr.ts';
import { formatIpv4, ipv4FromBytes } from '../../../../src/net/ipv4.ts';
import { formatIpv6, type Ipv6 } from '../../../../src/net/ipv6.ts';
import {
  AF_INET,
  AF_INET6,
  ipv4In,
  ipv4NetOf,
  type LinkAddress,
  parseAddress,
} from '../../../../src/net/rtnl/address.ts';
import { parseLink } from '../../../../src/net/rtnl/link.ts';
import { isMultipath, parseRoute, type Route } from '../../../../src/net/rtnl/route.ts';
import { capturedDump, capturedJson } from '../../../fixtures/netlink/load.ts';

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly operstate: string;
  readonly master?: string;
  readonly link_type: string;
  readonly address: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_data?: { readonly hairpin: boolean; readonly state: string };
  };
}

test('ipv4In() finds the IPv4 addresses that parseAddress() reads, and none of IPv6', () => {
  const dumps = [...capturedDump('nic-addresses-4'), ...capturedDump('nic-addresses-6')];
  const messages = dumps.filter(({ type }) => type === RTM_NEWADDR);
  const nets = messages.flatMap((message) => {
    const address = parseAddress(message) ?? assert.fail('an address');
    return ipv4NetOf(address)?.address ?? [];
  });
  assert.ok(nets.length > 1);
  assert.deepEqual(ipv4In(messages), nets);
});

test('parseLink() reads every link as ip does', () => {
  const theirs = capturedJson<IpLink[]>('links');
  const indexOf = (name: string) => theirs.find((link) => link.ifname === name)?.ifindex;
  const ours = capturedDump('links').map(parseLink);
  const expected = theirs.map(
    ({ ifindex, ifname, flags, mtu, operstate, master, link_type, address, linkinfo }) => {
      const { info_kind: kind, info_slave_data: port } = linkinfo ?? {};
      return {
        index: ifindex,
        name: ifname,
        mtu,
        up: flags.includes('UP'),
        loopback: flags.includes('LOOPBACK'),
        running: operstate === 'UP',
        ...(link_type === 'ether' && { mac: address }),
        ...(master !== undefined && { masterIndex: indexOf(master) }),
        ...(kind !== undefined && { kind }),
        ...(port !== undefined && { hairpin: port.hairpin, forwarding: port.state === 'forwarding' }),
      };
    },
  );
  assert.deepEqual(ours, expected);
  // What the capture is about: a bridge, its NIC, and a pod's veth in hairpin mode.
  assert.deepEqual(
    ours.map((link) => `${link?.name} ${link?.kind} ${link?.masterIndex} ${link?.hairpin}`),
    [
      'lo undefined undefined undefined',
      'eth0 veth 3 false',
      'azure0 bridge undefined undefined',
      'azv0123456789a veth 3 true',
    ],
  );
});

interface IpAddresses {
  readonly ifindex: number;
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly metric?: number;
    readonly dynamic?: boolean;
    readonly secondary?: boolean;
    readonly nodad?: boolean;
    readonly tentative?: boolean;
    readonly noprefixroute?: boolean;
  }[];
}

const SCOPES: Readonly<Record<number, string>> = { 0: 'global', 253: 'link', 254: 'host' };
const RTM_NEWADDR = 20;

for (const [dump, family] of [
  ['nic-addresses-4', AF_INET],
  ['nic-addresses-6', AF_INET6],
] as const) {
  test(`parseAddress() reads every address as ip does: ${dump}`, () => {
    const expected = capturedJson<IpAddresses[]>(dump).flatMap(({ ifindex, addr_info }) =>
      addr_info.map((one) => ({
        on: ifindex,
        address: `${one.local}/${one.prefixlen}`,
        scope: one.scope,
        metric: one.metric,
        permanent: one.dynamic !== true,
        secondary: one.secondary === true,
        noDetection: one.nodad === true,
        tentative: one.tentative === true,
        noPrefixRoute: one.noprefixroute === true,
      })),
    );
    const ours = addressesOf(dump);
    assert.ok(ours.length >= 3 && ours.every((address) => address.family === family));
    assert.deepEqual(ours.map(describeAddress), expected);
  });
}

test('ipv4NetOf() gives address and prefix, nothing for IPv6', () => {
  const nets = addressesOf('nic-addresses-4').map(ipv4NetOf);
  assert.deepEqual(
    nets.map((net) => net && formatIpv4Net(net)),
    ['127.0.0.1/8', '10.240.0.4/16', '10.250.0.4/31', '10.251.0.4/24', '10.240.0.7/16'],
  );
  assert.deepEqual(addressesOf('nic-addresses-6').map(ipv4NetOf), [undefined, undefined, undefined]);
});

interface IpRoute {
  readonly type: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table: string;
  readonly protocol: string;
  readonly scope: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly flags: readonly string[];
  readonly nexthops?: readonly object[];
}

const TABLES: Readonly<Record<string, number>> = { main: 254, local: 255 };
const PROTOCOLS: Readonly<Record<number, string>> = { 2: 'kernel', 3: 'boot', 4: 'static', 16: 'dhcp' };
const RTM_NEWROUTE = 24;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;

for (const dump of ['nic-routes-4', 'nic-routes-6']) {
  test(`parseRoute() reads every route as ip does: ${dump}`, () => {
    const expected = capturedJson<IpRoute[]>(dump).map((route) => ({
      dst: route.dst === 'default' ? 'default' : wholePrefix(route.dst),
      gateway: route.gateway,
      on: route.dev === undefined ? undefined : route.dev === 'lo' ? 1 : 2,
      table: TABLES[route.table] ?? Number(route.table),
      protocol: route.protocol,
      scope: route.scope,
      source: route.prefsrc,
      // ip prints IPv6's 0 and leaves out IPv4's, which the kernel does not send.
      metric: route.metric,
      onlink: route.flags.includes('onlink'),
      multipath: route.nexthops !== undefined,
    }));
    assert.deepEqual(routesOf(dump).map(describeRoute), expected);
  });
}

test('parseRoute() leaves cache entries out', () => {
  const [message] = capturedDump('nic-routes-4');
  assert.ok(message !== undefined && parseRoute(message) !== undefined);
  const payload = message.payload.slice();
  payload[9] = 0x02; // RTM_F_CLONED
  assert.equal(parseRoute({ ...message, payload }), undefined);
});

test('isMultipath() tells the route that has several next hops', () => {
  const found = routesOf('nic-routes-4').filter(isMultipath);
  assert.deepEqual(
    found.map((route) => formatIpv4(ipv4FromBytes(route.dst ?? new Uint8Array(4)))),
    ['10.97.0.0'],
  );
});

function addressesOf(dump: string): LinkAddress[] {
  return capturedDump(dump)
    .filter(({ type }) => type === RTM_NEWADDR)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}

function describeAddress({ linkIndex, local, prefixBits, scope, flags, attrs }: LinkAddress) {
  const metric = attrs.find(({ type }) => type === 9)?.value;
  return {
    on: linkIndex,
    address: `${addressText(local)}/${prefixBits}`,
    scope: SCOPES[scope],
    metric: numberOf(metric),
    permanent: (flags & 0x80) !== 0,
    secondary: (flags & 0x01) !== 0,
    noDetection: (flags & 0x02) !== 0,
    tentative: (flags & 0x40) !== 0,
    noPrefixRoute: (flags & 0x200) !== 0,
  };
}

function routesOf(dump: string): Route[] {
  return capturedDump(dump)
    .filter(({ type }) => type === RTM_NEWROUTE)
    .map(parseRoute)
    .filter((route) => route !== undefined);
}

function describeRoute(route: Route) {
  const attribute = (wanted: number) => route.attrs.find(({ type }) => type === wanted)?.value;
  const source = attribute(RTA_PREFSRC);
  const { dst, gateway, header } = route;
  return {
    dst: dst === undefined && route.dstBits === 0 ? 'default' : `${addressText(dst)}/${route.dstBits}`,
    gateway: gateway === undefined ? undefined : addressText(gateway),
    on: route.linkIndex,
    table: route.table,
    protocol: PROTOCOLS[header[5] ?? 0],
    scope: SCOPES[header[6] ?? 0],
    source: source === undefined ? undefined : addressText(source),
    metric: numberOf(attribute(RTA_PRIORITY)),
    onlink: ((header[8] ?? 0) & 4) !== 0,
    multipath: isMultipath(route),
  };
}

/** ip leaves the prefix of a single address out. */
function wholePrefix(dst: string): string {
  if (dst.includes('/')) return dst;
  return parseCidr(`${dst}/32`) === undefined ? `${dst}/128` : `${dst}/32`;
}

function addressText(bytes: Uint8Array | undefined): string {
  assert.ok(bytes !== undefined);
  return bytes.length === 4 ? formatIpv4(ipv4FromBytes(bytes)) : formatIpv6(bytes as Ipv6);
}

function numberOf(bytes: Uint8Array | undefined): number | undefined {
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
