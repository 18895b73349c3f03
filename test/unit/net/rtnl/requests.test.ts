/** Each request of src/net/rtnl against what `ip` sends for the same (test/fixtures/netlink). */
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCidr, parseIpv4Net } from '../../../../src/net/cidr.ts';
import { parseIpv4 } from '../../../../src/net/ipv4.ts';
import { parseMac } from '../../../../src/net/mac.ts';
import { MessageWriter } from '../../../../src/net/netlink/writer.ts';
import { addIpv4, copyAddress, deleteAddress, parseAddress } from '../../../../src/net/rtnl/address.ts';
import {
  addBridge,
  addVeth,
  deleteLink,
  disablePort,
  OPTIONAL_VETH_STEP,
  setHairpin,
  setLink,
  setUpByName,
  VETH_STEPS,
  withoutIpv6Address,
} from '../../../../src/net/rtnl/link.ts';
import { deleteNeighbour, setNeighbour } from '../../../../src/net/rtnl/neighbour.ts';
import { addIpv4Route, copyRoute, deleteRoute, parseRoute } from '../../../../src/net/rtnl/route.ts';
import { toHex } from '../../../fixtures/netlink/format.ts';
import { capturedDump, capturedRequest } from '../../../fixtures/netlink/load.ts';
import { assertSame, type Fields, takeApart } from '../netlink/tree.ts';

const NIC = 2;
const BRIDGE = 3;
const NIC_MAC = known(parseMac('00:0d:3a:f0:00:04'));
const POD = known(parseIpv4('10.240.0.5'));
const POD_MAC = known(parseMac('02:0d:0a:f0:00:05'));
const HOST_MAC = known(parseMac('fe:0d:0a:f0:00:05'));
const VETH = 'azv0123456789a';

interface Case {
  /** Name of the captured request. */
  readonly name: string;
  readonly ours: (batch: MessageWriter) => void;
  /** Which of our messages is compared. @default {0} */
  readonly message?: number;
  /** What may differ, and why. */
  readonly allowed?: Readonly<Record<string, string>>;
}

const CHOSEN_INDEX = 'the capture chooses the index, so that it can be repeated';
const NAMED = 'the link is named: its index need not be asked for first';
const UNACKNOWLEDGED = 'only the last message of a batch asks for an acknowledgement';
const WITH_NUL = 'the kernel takes the kind with its NUL and without';
const SLAVE_KIND =
  'the kernel looks at the slave data alone; a kind that is none would make it ask for a module of that name';
const TABLE_TWICE = 'the table comes along as it was read, as attribute and in the header';
const LIFETIME = 'the lifetime comes along; it is infinite here, which is what ip says by nothing';
const NO_PEER = 'local address and peer are the same, one attribute is enough';

/** `ip` looks the index up and sends that. */
function namedInsteadOf(index: number, name: string): Record<string, string> {
  return { [`index ${index} → 0`]: NAMED, [`3 - → ${text(name)}`]: NAMED };
}
function bridgePort(name: string): Record<string, string> {
  return {
    ...namedInsteadOf(4, name),
    [`18/1 ${text('bridge_slave', '')} → -`]: SLAVE_KIND,
    [`18/4 - → ${text('bridge')}`]: SLAVE_KIND,
  };
}
const UP_LAST = 'the link comes up in a message of its own';
const WITHOUT_IPV6 = {
  ...namedInsteadOf(4, VETH),
  '26 0c000a000500080001000000 → 0c000a800500080001000000': 'with NLA_F_NESTED',
};
const MAIN_TABLE = { '15 - → fe000000': TABLE_TWICE };

const CASES: readonly Case[] = [
  {
    name: 'link-add-bridge',
    ours: (batch) => addBridge(batch, { name: 'azure0', mac: NIC_MAC, mtu: 1500 }),
    allowed: { 'index 3 → 0': CHOSEN_INDEX, [`18/1 ${text('bridge', '')} → ${text('bridge')}`]: WITH_NUL },
  },
  {
    name: 'link-add-veth',
    ours: (batch) =>
      addVeth(batch, {
        name: VETH,
        mac: HOST_MAC,
        mtu: 1400,
        masterIndex: BRIDGE,
        peer: { name: 'eth0', mac: POD_MAC, netnsFd: 4 },
      }),
    allowed: {
      'index 4 → 0': CHOSEN_INDEX,
      'flag 0x4 on → -': UNACKNOWLEDGED,
      'state 1 → 0': UP_LAST,
      'change 1 → 0': UP_LAST,
      [`18/1 ${text('veth', '')} → ${text('veth')}`]: WITH_NUL,
    },
  },
  {
    name: 'port-hairpin-on',
    ours: (batch) => setHairpin(batch, VETH, true),
    allowed: bridgePort(VETH),
  },
  {
    name: 'link-without-ipv6-address',
    ours: (batch) => withoutIpv6Address(batch, VETH),
    allowed: WITHOUT_IPV6,
  },
  { name: 'port-state-0', ours: (batch) => disablePort(batch, 4) },
  { name: 'link-up', ours: (batch) => setLink(batch, NIC, { up: true }) },
  { name: 'link-up', ours: (batch) => setUpByName(batch, 'eth0'), allowed: namedInsteadOf(NIC, 'eth0') },
  { name: 'link-set-master', ours: (batch) => setLink(batch, NIC, { masterIndex: BRIDGE }) },
  { name: 'link-set-nomaster', ours: (batch) => setLink(batch, NIC, { masterIndex: 0, up: true }) },
  {
    name: 'link-set-address',
    ours: (batch) => setLink(batch, BRIDGE, { mac: known(parseMac('00:0d:3a:f0:00:05')) }),
  },
  { name: 'link-set-mtu', ours: (batch) => setLink(batch, BRIDGE, { mtu: 1400 }) },
  { name: 'link-delete', ours: (batch) => deleteLink(batch, VETH), allowed: namedInsteadOf(4, VETH) },
  { name: 'address-add', ours: (batch) => addIpv4(batch, NIC, known(parseIpv4Net('10.240.0.4/16'))) },
  { name: 'address-add-31', ours: (batch) => addIpv4(batch, NIC, known(parseIpv4Net('10.250.0.4/31'))) },
  {
    name: 'address-copy',
    ours: (batch) => copyAddress(batch, address4('0af00004'), BRIDGE, { prefixRoute: false }),
    allowed: { '6 - → *': LIFETIME },
  },
  {
    name: 'address-copy-6',
    ours: (batch) => copyAddress(batch, address6('fd0002400000'), BRIDGE, { prefixRoute: false }),
    allowed: {
      '6 - → *': LIFETIME,
      '2 fd000240000000000000000000000004 → -': NO_PEER,
    },
  },
  {
    name: 'address-delete',
    ours: (batch) => deleteAddress(batch, address4('0af00004'), NIC),
    allowed: { '1 0af00004 → -': NO_PEER },
  },
  {
    name: 'address-delete-6',
    ours: (batch) => deleteAddress(batch, address6('fd0002400000'), NIC),
    allowed: { '2 fd000240000000000000000000000004 → -': NO_PEER },
  },
  {
    name: 'route-add-default',
    ours: (batch) =>
      addIpv4Route(batch, {
        dst: known(parseCidr('0.0.0.0/0')),
        gateway: known(parseIpv4('10.240.0.1')),
        linkIndex: NIC,
      }),
  },
  {
    name: 'route-add-link',
    ours: (batch) => addIpv4Route(batch, { dst: known(parseCidr('169.254.169.254/32')), linkIndex: NIC }),
  },
  {
    name: 'route-copy-connected',
    ours: (batch) => copyRoute(batch, route('10.240.0.0/16'), BRIDGE),
    allowed: MAIN_TABLE,
  },
  {
    name: 'route-copy-default',
    ours: (batch) => copyRoute(batch, route('0.0.0.0/0'), BRIDGE),
    allowed: MAIN_TABLE,
  },
  {
    name: 'route-copy-metric',
    ours: (batch) => copyRoute(batch, route('168.63.129.16/32'), BRIDGE),
    allowed: MAIN_TABLE,
  },
  {
    name: 'route-copy-onlink',
    ours: (batch) => copyRoute(batch, route('10.99.0.0/16'), BRIDGE),
    allowed: MAIN_TABLE,
  },
  {
    name: 'route-copy-table',
    ours: (batch) => copyRoute(batch, route('10.98.0.0/16'), BRIDGE),
    allowed: { 'table 0 → 252': 'RT_TABLE_COMPAT, as it was read: the attribute has the number' },
  },
  {
    name: 'route-copy-6',
    ours: (batch) => copyRoute(batch, defaultRoute6(), BRIDGE),
    allowed: {
      ...MAIN_TABLE,
      '1 00000000000000000000000000000000 → -': 'no destination is the default route too',
      '20 - → 00': 'the preference comes along; medium is what ip says by nothing',
    },
  },
  {
    name: 'route-delete',
    ours: (batch) => deleteRoute(batch, route('10.99.0.0/16'), BRIDGE),
    allowed: {
      ...MAIN_TABLE,
      'kind 0 → 1': 'exactly the route that was read, where ip takes any that fits',
      'scope 255 → 0': 'exactly the route that was read, where ip takes any that fits',
    },
  },
  { name: 'neighbour-replace', ours: (batch) => setNeighbour(batch, BRIDGE, POD, POD_MAC) },
  { name: 'neighbour-delete', ours: (batch) => deleteNeighbour(batch, BRIDGE, POD) },
];

for (const { name, ours, message = 0, allowed = {} } of CASES) {
  test(`${ours.toString().match(/\b\w+(?=\(batch,)/)?.[0]}() says what ip says: ${name}`, () => {
    const batch = new MessageWriter();
    ours(batch);
    const messages = takeApart(batch.finish(0, batch.count - 1));
    assertSame(theirs(name), known(messages[message]), allowed);
  });
}

test('addVeth() has a message for each of its steps', () => {
  const batch = new MessageWriter();
  const peer = { name: 'eth0', mac: POD_MAC, netnsFd: 4 };
  addVeth(batch, { name: VETH, mac: HOST_MAC, mtu: 1400, masterIndex: BRIDGE, peer });
  const messages = takeApart(batch.finish(0, -1));
  assert.equal(messages.length, VETH_STEPS.length);
  const unacknowledged = { 'flag 0x4 on → -': UNACKNOWLEDGED };
  const step = (name: (typeof VETH_STEPS)[number]) => known(messages[VETH_STEPS.indexOf(name)]);
  assertSame(theirs('link-without-ipv6-address'), step('IPv6 mode'), {
    ...WITHOUT_IPV6,
    ...unacknowledged,
  });
  assert.equal(VETH_STEPS[OPTIONAL_VETH_STEP], 'IPv6 mode');
  assertSame(theirs('port-hairpin-on'), step('hairpin mode'), { ...bridgePort(VETH), ...unacknowledged });
  assertSame(theirs('link-up'), step('state'), { ...namedInsteadOf(NIC, VETH), ...unacknowledged });
});

test('deletes never carry NLM_F_EXCL, which kernels from 5.19 on refuse', () => {
  const batch = new MessageWriter();
  deleteAddress(batch, address4('0af00004'), NIC);
  deleteRoute(batch, route('10.99.0.0/16'), NIC);
  deleteNeighbour(batch, NIC, POD);
  deleteLink(batch, VETH);
  const flags = takeApart(batch.finish(0, -1)).map((fields) => fields.has('flag 0x200'));
  assert.deepEqual(flags, [false, false, false, false]);
});

test('setLink() changes nothing but IFF_UP in the flags, and that only when asked', () => {
  const batch = new MessageWriter();
  setLink(batch, NIC, { up: false });
  setLink(batch, NIC, { mtu: 1400 });
  const [down, mtu] = takeApart(batch.finish(0, -1));
  assert.deepEqual([down?.get('state'), down?.get('change')], ['0', '1']);
  assert.deepEqual([mtu?.get('state'), mtu?.get('change')], ['0', '0']);
});

test('copyAddress() keeps a limited lifetime, and the prefix route when asked', () => {
  const limited = address4('0afb0004');
  const batch = new MessageWriter();
  copyAddress(batch, limited, BRIDGE, { prefixRoute: true });
  const [copy] = takeApart(batch.finish(0, 0));
  const cacheInfo = known(limited.attrs.find(({ type }) => type === 6)).value;
  // struct ifa_cacheinfo { u32 prefered, valid, cstamp, tstamp; } in seconds, as the capture has set them.
  const lifetimes = new DataView(cacheInfo.buffer, cacheInfo.byteOffset);
  assert.deepEqual([lifetimes.getUint32(0, true), lifetimes.getUint32(4, true)], [3600, 86400]);
  assert.equal(copy?.get('6'), toHex(cacheInfo));
  assert.equal(copy?.get('9'), '2c010000', 'the metric of the prefix route, 300');
  assert.equal(copy?.get('8'), '00000000', 'no flag: neither noprefixroute nor what the kernel found out');
  assert.equal(copy?.has('3'), false, 'the label names the old link');
});

function theirs(name: string): Fields {
  const messages = takeApart(...capturedRequest(name));
  assert.equal(messages.length, 1);
  return known(messages[0]);
}

function address4(hex: string) {
  return addressOf('nic-addresses-4', hex);
}

function address6(hex: string) {
  return addressOf('nic-addresses-6', hex);
}

function addressOf(dump: string, hex: string) {
  const all = capturedDump(dump).filter(({ type }) => type === 20);
  return known(all.map(parseAddress).find((address) => address && toHex(address.local).startsWith(hex)));
}

function route(text: string) {
  const { base, prefixBits } = known(parseCidr(text));
  const wanted = prefixBits === 0 ? '' : base.toString(16).padStart(8, '0');
  const all = capturedDump('nic-routes-4').map(parseRoute);
  return known(
    all.find(
      (one) =>
        one?.dstBits === prefixBits && toHex(one.dst ?? new Uint8Array()) === wanted && one.table !== 255,
    ),
  );
}

function defaultRoute6() {
  return known(
    capturedDump('nic-routes-6')
      .map(parseRoute)
      .find((one) => one?.dstBits === 0),
  );
}

/** A name as the comparison shows it. */
function text(name: string, end = '\0'): string {
  return toHex(new TextEncoder().encode(name + end));
}

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}
