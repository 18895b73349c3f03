import assert from 'node:assert/strict';
import test from 'node:test';
import { fileSource, interfacesFromJson } from '../../../src/ipam/file-source.ts';
import { MAX_ANSWER_BYTES, type RawInterface, readInterfaces } from '../../../src/ipam/source.ts';
import { interfacesFromXml, WIRESERVER_DEADLINE_MS, wireserver } from '../../../src/ipam/wireserver.ts';
import { formatCidr } from '../../../src/net/cidr.ts';
import { formatIpv4 } from '../../../src/net/ipv4.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { FakeWorld } from '../../support/fake-sys.ts';
import { httpAnswer, WIRESERVER } from './fake-vm.ts';

const XML = `<?xml version="1.0" encoding="utf-8"?>
<Interfaces>
  <Interface MacAddress="000D3A0A0B0C" IsPrimary="true">
    <IPSubnet Prefix="10.240.0.0/16">
      <IPAddress Address="10.240.0.4" IsPrimary="true"/>
      <IPAddress Address="10.240.0.5" IsPrimary="false"/>
    </IPSubnet>
  </Interface>
  <Interface MacAddress="*" IsPrimary="false"/>
</Interfaces>`;

const RAW: readonly RawInterface[] = [
  {
    mac: '000D3A0A0B0C',
    isPrimary: true,
    subnets: [
      {
        prefix: '10.240.0.0/16',
        addresses: [
          { address: '10.240.0.4', isPrimary: true },
          { address: '10.240.0.5', isPrimary: false },
        ],
      },
    ],
  },
  { mac: '*', isPrimary: false, subnets: [] },
];

test('interfacesFromXml() reads the answer of the wireserver', () => {
  assert.deepEqual(interfacesFromXml(XML), { ok: true, value: RAW });
});

test('interfacesFromXml() skips what it does not know, takes a missing IsPrimary for false', () => {
  const text = `<Interfaces Version="2"><Other><Interface/></Other><Interface MacAddress="a" New="x">
    <IPSubnet Prefix="p"><IPAddress Address="b"/><IPAddress Address="c" IsPrimary="True"/><Other/></IPSubnet>
    </Interface></Interfaces>`;
  const addresses = [
    { address: 'b', isPrimary: false },
    { address: 'c', isPrimary: true },
  ];
  assert.deepEqual(interfacesFromXml(text), {
    ok: true,
    value: [{ mac: 'a', isPrimary: false, subnets: [{ prefix: 'p', addresses }] }],
  });
});

test('interfacesFromXml() refuses a malformed answer as a whole', () => {
  const cases: [string, RegExp][] = [
    ['<<<', /malformed XML: unexpected at character 0/],
    [XML.slice(0, XML.length / 2), /malformed XML/],
    ['<html/>', /the answer is <html>, not <Interfaces>/],
    ['<Interfaces><Interface/></Interfaces>', /<Interface> without MacAddress/],
    [XML.replace(' Prefix="10.240.0.0/16"', ''), /<IPSubnet> without Prefix/],
    [XML.replace(' Address="10.240.0.5"', ''), /<IPAddress> without Address/],
    [XML.replace('"false"', '"maybe"'), /IsPrimary="maybe"/],
  ];
  for (const [text, problem] of cases) {
    const read = interfacesFromXml(text);
    assert.match(read.ok ? 'ok' : read.error, problem);
  }
});

test('interfacesFromJson() reads the file, keys in any case', () => {
  const document = {
    Interfaces: [
      {
        MacAddress: '000D3A0A0B0C',
        IsPrimary: true,
        ipsubnets: [
          {
            Prefix: '10.240.0.0/16',
            IPAddresses: [
              { Address: '10.240.0.4', IsPrimary: true },
              { address: '10.240.0.5', isPrimary: false },
            ],
          },
        ],
      },
      { MacAddress: '*' },
    ],
  };
  assert.deepEqual(interfacesFromJson(JSON.stringify(document)), { ok: true, value: RAW });
});

test('interfacesFromJson() refuses a malformed document as a whole', () => {
  const cases: [string, RegExp][] = [
    ['', /malformed JSON/],
    ['{"Interfaces":', /malformed JSON/],
    ['[]', /malformed JSON: not an object/],
    ['{"Interfaces":{}}', /Interfaces: expected a list/],
    ['{"Interfaces":[1]}', /Interfaces\[0\]: expected an object/],
    ['{"Interfaces":[{"MacAddress":5}]}', /MacAddress: expected a string/],
    [
      '{"Interfaces":[{"IPSubnets":[{"IPAddresses":[{"IsPrimary":"no"}]}]}]}',
      /IsPrimary: expected true or false/,
    ],
  ];
  for (const [text, problem] of cases) {
    const read = interfacesFromJson(text);
    assert.match(read.ok ? 'ok' : read.error, problem, text);
  }
});

test('fileSource() reads the file and says why it cannot', () => {
  const world = new FakeWorld();
  const source = fileSource('/etc/kubernetes/interfaces.json');
  const missing = source.fetch(world.process());
  assert.match(missing.ok ? 'ok' : missing.error, /interfaces\.json: ENOENT/);
  world.write('/etc/kubernetes/interfaces.json', '{"Interfaces":[{"MacAddress":"*"}]}');
  assert.deepEqual(source.fetch(world.process()), {
    ok: true,
    value: [{ mac: '*', isPrimary: false, subnets: [] }],
  });
  world.write('/etc/kubernetes/interfaces.json', `{"x":"${'y'.repeat(MAX_ANSWER_BYTES)}"}`);
  const large = source.fetch(world.process());
  assert.match(large.ok ? 'ok' : large.error, /larger than 1048576 bytes/);
});

test('wireserver() asks the address of the wireserver, or another one', () => {
  const world = new FakeWorld();
  let request = '';
  world.tcp.set(WIRESERVER, (text) => {
    request = text;
    return { chunks: [httpAnswer(XML)], end: 'close' };
  });
  assert.deepEqual(wireserver().fetch(world.process()), { ok: true, value: RAW });
  assert.match(
    request,
    /^GET \/machine\/plugins\?comp=nmagent&type=getinterfaceinfov1 HTTP\/1\.1\r\nHost: 168\.63\.129\.16\r\n/,
  );
  world.tcp.set('127.0.0.1:8000', () => ({ chunks: [httpAnswer(XML)], end: 'close' }));
  assert.ok(wireserver('http://127.0.0.1:8000/x').fetch(world.process()).ok);
});

test('wireserver() gives up after its deadline', () => {
  const world = new FakeWorld();
  world.tcp.set(WIRESERVER, () => ({ chunks: [], end: 'hang' }));
  const startMs = world.nowMs;
  const answer = wireserver().fetch(world.process());
  assert.equal(answer.ok ? 'ok' : answer.error, 'timed out: no answer within 2000 ms');
  assert.equal(world.nowMs - startMs, WIRESERVER_DEADLINE_MS);
});

function read(raw: readonly RawInterface[]) {
  const log = new OperationLog(new FakeWorld().process());
  const interfaces = readInterfaces(raw, log).map(({ mac, isPrimary, subnets }) => [
    mac,
    isPrimary,
    ...subnets.map(({ subnet, addresses }) => [formatCidr(subnet), ...addresses.map(formatIpv4)]),
  ]);
  return { interfaces, notes: log.entries.map(({ text }) => text.replace('address source: ', '')) };
}

function nic(mac: string, ...subnets: [prefix: string, ...addresses: string[]][]): RawInterface {
  return {
    mac,
    isPrimary: false,
    subnets: subnets.map(([prefix, ...addresses]) => ({
      prefix,
      addresses: addresses.map((text) => ({ address: text.replace('!', ''), isPrimary: text.endsWith('!') })),
    })),
  };
}

test('readInterfaces() leaves out primary addresses and sorts the others', () => {
  const { interfaces, notes } = read([
    nic('000D3A0A0B0C', ['10.0.0.0/24', '10.0.0.4!', '10.0.0.10', '10.0.0.9']),
  ]);
  assert.deepEqual(interfaces, [['00:0d:3a:0a:0b:0c', false, ['10.0.0.0/24', '10.0.0.9', '10.0.0.10']]]);
  assert.deepEqual(notes, []);
});

test('readInterfaces() takes a prefix with host bits for its network, and joins a subnet that is there twice', () => {
  const { interfaces } = read([nic('*', ['10.0.0.7/24', '10.0.0.5'], ['10.0.0.0/24', '10.0.0.6'])]);
  assert.deepEqual(interfaces, [['*', false, ['10.0.0.0/24', '10.0.0.5', '10.0.0.6']]]);
});

test('readInterfaces() leaves out what it cannot use and says so', () => {
  const { interfaces, notes } = read([
    nic('not a MAC', ['10.0.0.0/24', '10.0.0.5']),
    nic(
      '000d3a0a0b0c',
      ['10.0.0.0', '10.0.0.5'],
      ['fd00::/64', 'fd00::5'],
      ['10.0.1.4/31', '10.0.1.5'],
      ['10.0.0.0/24', '10.0.0.5', '10.0.1.5', '10.0.0.5', '10.0.0.256', 'x', ''],
    ),
  ]);
  assert.deepEqual(interfaces, [['00:0d:3a:0a:0b:0c', false, ['10.0.0.0/24', '10.0.0.5']]]);
  assert.deepEqual(notes, [
    'interface with MAC address "not a MAC" left out',
    'subnet "10.0.0.0" left out: no IPv4 subnet of at most /30',
    'subnet "fd00::/64" left out: no IPv4 subnet of at most /30',
    'subnet "10.0.1.4/31" left out: no IPv4 subnet of at most /30',
    'address "10.0.1.5" left out: not in 10.0.0.0/24',
    'address "10.0.0.5" left out: there twice',
    'address "10.0.0.256" left out: no IPv4 address',
    'address "x" left out: no IPv4 address',
    'address "" left out: no IPv4 address',
  ]);
});
