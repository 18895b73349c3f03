import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../src/cni/types.ts';
import { OperationLog } from '../../../src/state/oplog.ts';
import { recordName } from '../../../src/state/paths.ts';
import {
  ENDPOINTS_DIR,
  type EndpointRecord,
  listEndpoints,
  PENDING_DIR,
  readEndpoint,
  removeEndpoint,
  writeEndpoint,
} from '../../../src/vnet/endpoint-record.ts';
import {
  HOSTS_DIR,
  JOURNAL_DIR,
  listHostRecords,
  readHostRecord,
  removeHostRecord,
  writeHostRecord,
} from '../../../src/vnet/host-record.ts';
import {
  listNetworks,
  NETWORKS_DIR,
  type NetworkRecord,
  readNetwork,
  writeNetwork,
} from '../../../src/vnet/network-record.ts';
import { FakeWorld } from '../../support/fake-sys.ts';
import { cidr, ip, mac } from './hosts.ts';

function setUp() {
  const world = new FakeWorld();
  const sys = world.process();
  return { world, sys, log: new OperationLog(sys) };
}

const NETWORK: NetworkRecord = {
  name: 'azure',
  bridge: 'azure0',
  nic: 'eth0',
  nicIndex: 2,
  nicMac: mac('00:0d:3a:f0:00:04'),
  subnet: cidr('10.240.0.0/16'),
  viaHost: [ip('10.0.0.10')],
};

const ENDPOINT: EndpointRecord = {
  phase: 'ready',
  network: 'azure',
  containerId: 'c1',
  ifname: 'eth0',
  sandbox: '/run/netns/c1',
  bridge: 'azure0',
  hostVeth: 'azv0123456789a',
  addresses: [ip('10.240.0.5')],
  ipamType: 'azure-vnet-ipam',
  podName: 'web',
  podNamespace: 'default',
  sinceMs: 1893456000000,
  result: { cniVersion: '1.1.0' },
};

const HOST = {
  bridge: 'azure0',
  nic: 'eth0',
  nicMac: mac('00:0d:3a:f0:00:04'),
  config: { addresses: [], routes: [] },
};

test('a network is read as it was written, and listed', () => {
  const { sys, log } = setUp();
  const second = { ...NETWORK, name: 'azure two/..', viaHost: [] };
  writeNetwork(sys, NETWORK);
  writeNetwork(sys, second);
  assert.deepEqual(readNetwork(sys, log, 'azure'), NETWORK);
  assert.deepEqual(readNetwork(sys, log, second.name), second);
  assert.equal(readNetwork(sys, log, 'other'), undefined);
  assert.deepEqual(
    listNetworks(sys, log)
      .map(({ name }) => name)
      .sort(),
    ['azure', 'azure two/..'],
  );
  assert.deepEqual(log.entries, []);
});

/** Each with one field that makes the record useless. */
const BAD_NETWORKS: readonly JsonObject[] = [
  { subnet: '10.240.0.1/16' },
  { nicMac: 'eth0' },
  { nicIndex: 'two' },
  { bridge: '' },
  { nic: 7 },
  { name: 'other' },
  { viaHost: 'x' },
  { viaHost: ['10.0.0.10', '10.0.0'] },
];

for (const change of BAD_NETWORKS) {
  test(`a network with ${JSON.stringify(change)} is set aside and said so`, () => {
    const { world, sys, log } = setUp();
    writeNetwork(sys, NETWORK);
    const path = `${NETWORKS_DIR}/${recordName('azure')}`;
    world.write(path, JSON.stringify({ ...JSON.parse(world.read(path)), ...change }));
    assert.equal(readNetwork(sys, log, 'azure'), undefined);
    assert.match(log.entries[0]?.text ?? '', /fields are missing or malformed; set aside as/);
    assert.equal(world.exists(path), false);
  });
}

test('an endpoint is read as it was written, in either directory', () => {
  const { sys, log } = setUp();
  const { podName: _name, podNamespace: _namespace, result: _result, ...bare } = ENDPOINT;
  const adding: EndpointRecord = { ...bare, phase: 'adding', ifname: 'eth1', addresses: [] };
  writeEndpoint(sys, ENDPOINTS_DIR, ENDPOINT);
  writeEndpoint(sys, PENDING_DIR, adding);
  assert.deepEqual(readEndpoint(sys, log, ENDPOINTS_DIR, 'azure', ENDPOINT), ENDPOINT);
  assert.deepEqual(readEndpoint(sys, log, PENDING_DIR, 'azure', adding), adding);
  assert.equal(readEndpoint(sys, log, ENDPOINTS_DIR, 'azure', adding), undefined);
  assert.deepEqual(listEndpoints(sys, log), [ENDPOINT]);
  removeEndpoint(sys, ENDPOINTS_DIR, ENDPOINT);
  removeEndpoint(sys, ENDPOINTS_DIR, ENDPOINT);
  assert.deepEqual(listEndpoints(sys, log), []);
  assert.deepEqual(log.entries, []);
});

test('readEndpoint() goes by the key in the content, whatever the file is called', () => {
  const { world, sys, log } = setUp();
  writeEndpoint(sys, ENDPOINTS_DIR, ENDPOINT);
  const content = world.read(`${ENDPOINTS_DIR}/${recordName('azure', 'c1', 'eth0')}`);
  for (const [network, containerId, ifname] of [
    ['other', 'c1', 'eth0'],
    ['azure', 'c2', 'eth0'],
    ['azure', 'c1', 'eth1'],
  ] as const) {
    world.write(`${ENDPOINTS_DIR}/${recordName(network, containerId, ifname)}`, content);
    assert.equal(readEndpoint(sys, log, ENDPOINTS_DIR, network, { containerId, ifname }), undefined);
  }
});

test('container ids too long for a file name keep apart', () => {
  const { sys, log } = setUp();
  const long = (end: string) => ({ ...ENDPOINT, containerId: 'x'.repeat(400) + end });
  writeEndpoint(sys, ENDPOINTS_DIR, long('1'));
  writeEndpoint(sys, ENDPOINTS_DIR, long('2'));
  assert.deepEqual(readEndpoint(sys, log, ENDPOINTS_DIR, 'azure', long('1')), long('1'));
  assert.equal(listEndpoints(sys, log).length, 2);
});

/** What a record must not look like; text is the whole content. */
const BAD_ENDPOINTS: readonly (JsonObject | string)[] = [
  '',
  '{"phase":"rea',
  '[]',
  { phase: 'gone' },
  { sinceMs: null },
  { sinceMs: -1 },
  { network: '' },
  { containerId: 5 },
  { hostVeth: '' },
  { addresses: '10.240.0.5' },
  { addresses: ['10.240.0.5', '10.240.0'] },
];

for (const change of BAD_ENDPOINTS) {
  test(`an endpoint with ${JSON.stringify(change)} is set aside, others are still listed`, () => {
    const { world, sys, log } = setUp();
    const other = { ...ENDPOINT, containerId: 'c2' };
    writeEndpoint(sys, ENDPOINTS_DIR, ENDPOINT);
    writeEndpoint(sys, ENDPOINTS_DIR, other);
    const path = `${ENDPOINTS_DIR}/${recordName('azure', 'c1', 'eth0')}`;
    const text =
      typeof change === 'string' ? change : JSON.stringify({ ...JSON.parse(world.read(path)), ...change });
    world.write(path, text);
    assert.deepEqual(listEndpoints(sys, log), [other]);
    assert.equal(log.entries.length, 1);
    assert.equal(world.exists(path), false);
  });
}

test('a host is read as it was written, in journal and hosts apart', () => {
  const { sys, log } = setUp();
  writeHostRecord(sys, HOSTS_DIR, HOST);
  assert.deepEqual(readHostRecord(sys, log, HOSTS_DIR, 'azure0'), HOST);
  assert.equal(readHostRecord(sys, log, JOURNAL_DIR, 'azure0'), undefined);
  writeHostRecord(sys, JOURNAL_DIR, HOST);
  assert.deepEqual(listHostRecords(sys, log), [HOST]);
  removeHostRecord(sys, HOSTS_DIR, 'azure0');
  assert.deepEqual(listHostRecords(sys, log), []);
  assert.deepEqual(readHostRecord(sys, log, JOURNAL_DIR, 'azure0'), HOST);
});

for (const change of [{ nicMac: '' }, { bridge: 'azure3' }, { nic: null }, { routes: ['zz'] }]) {
  test(`a host with ${JSON.stringify(change)} is set aside`, () => {
    const { world, sys, log } = setUp();
    writeHostRecord(sys, JOURNAL_DIR, HOST);
    const path = `${JOURNAL_DIR}/azure0`;
    world.write(path, JSON.stringify({ ...JSON.parse(world.read(path)), ...change }));
    assert.equal(readHostRecord(sys, log, JOURNAL_DIR, 'azure0'), undefined);
    assert.equal(world.exists(path), false);
  });
}
