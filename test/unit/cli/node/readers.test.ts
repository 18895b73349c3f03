import assert from 'node:assert/strict';
import test from 'node:test';
import { readLeases } from '../../../../src/cli/node/leases.ts';
import { observe } from '../../../../src/cli/node/observe.ts';
import { readPools } from '../../../../src/cli/node/pools.ts';
import { sandboxState } from '../../../../src/cli/node/sandbox-state.ts';
import { LEASES_DIR, Leases } from '../../../../src/ipam/leases.ts';
import { poolToJson } from '../../../../src/ipam/pool-record.ts';
import { OperationLog } from '../../../../src/state/oplog.ts';
import type { Fd } from '../../../../src/sys/sys.ts';
import { ENDPOINTS_DIR, listEndpoints, writeEndpoint } from '../../../../src/vnet/endpoint-record.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { ip, pool, record } from './facts.ts';

const SOURCES = '/run/azure-vnet/ipam/sources';
const LONG = 'c'.repeat(220);

test('observe() refuses every call that changes a file', () => {
  const world = new FakeWorld();
  world.write('/run/x', 'x');
  const { sys } = observe(world.process());
  for (const options of [
    { write: true },
    { create: true, read: true },
    { append: true },
    { truncate: true, read: true },
  ]) {
    assert.throws(() => sys.open('/run/x', options), { code: 'EROFS' });
  }
  for (const call of [
    () => sys.unlink('/run/x'),
    () => sys.rmdir('/run'),
    () => sys.fsync(1 as Fd),
    () => sys.detach(),
  ]) {
    assert.throws(call, { code: 'EROFS' });
  }
  assert.throws(() => sys.rename('/run/x', '/run/y'), { code: 'ENOENT' });
  sys.mkdir('/run/new', 0o700);
  assert.deepEqual(world.list('/run'), ['x']);
  assert.equal(sys.decodeUtf8(sys.encodeUtf8('é'), 0, 2), 'é');
});

test('observe() has every function of Sys', () => {
  const world = new FakeWorld();
  const real = world.process();
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(real)).filter(
    (name) => !['constructor', 'stdout', 'stderr', 'openDescriptors'].includes(name),
  );
  assert.deepEqual(Object.keys(observe(real).sys).sort(), names.sort());
});

test('observe() remembers damaged records, which stay where they are', () => {
  const world = new FakeWorld();
  const writer = world.process();
  writeEndpoint(writer, ENDPOINTS_DIR, record());
  world.write(`${ENDPOINTS_DIR}/damaged`, '{"phase":');
  world.write(`${ENDPOINTS_DIR}/empty`, '');
  const before = world.list(ENDPOINTS_DIR);
  const { sys, damaged } = observe(writer);
  const records = listEndpoints(sys, new OperationLog(sys));
  assert.equal(records.length, 1);
  assert.deepEqual([...damaged].sort(), [`${ENDPOINTS_DIR}/damaged`, `${ENDPOINTS_DIR}/empty`]);
  assert.deepEqual(world.list(ENDPOINTS_DIR), before);
  assert.equal(world.exists('/run/azure-vnet/quarantine'), false);
});

test('sandboxState() tells a namespace from what is left of one', () => {
  const world = new FakeWorld();
  const sys = world.process();
  const nsfs = '4';
  const stats = {
    '/proc/self/ns/net': { dev: nsfs, inode: '100' },
    '/run/netns/a': { dev: nsfs, inode: '101' },
    '/run/netns/empty': { dev: '20', inode: '5' },
    '/proc/7/ns/net': { dev: nsfs, inode: '100' },
  } as const;
  const stat = sys.stat.bind(sys);
  sys.stat = (path, follow) => {
    const found = Object.entries(stats).find(([known]) => known === path)?.[1];
    if (found === undefined) return stat(path, follow);
    return { ...found, type: 'file', mode: 0o444, sizeBytes: 0, mtimeMs: 0 };
  };
  assert.equal(sandboxState(sys, '/run/netns/a'), 'namespace');
  assert.equal(sandboxState(sys, '/run/netns/empty'), 'other');
  assert.equal(sandboxState(sys, '/proc/7/ns/net'), 'host');
  assert.equal(sandboxState(sys, '/run/netns/none'), 'gone');
  assert.equal(sandboxState(sys, ''), 'gone');
});

test('readLeases() reads what IPAM has written, whole or by the name', () => {
  const world = new FakeWorld();
  const sys = world.process();
  const leases = new Leases(sys);
  const facts = { network: 'azure', pool: '10.240.0.0/16 (eth0)' };
  leases.take(ip('10.240.0.9'), { containerId: LONG, ifname: 'eth0' }, facts);
  leases.take(
    ip('10.240.0.5'),
    { containerId: 'a', ifname: 'eth0' },
    { ...facts, podName: 'web', podNamespace: 'x' },
  );
  leases.take(ip('10.240.0.7'), { containerId: 'b', ifname: 'eth1' }, facts);
  leases.take(ip('10.240.0.8'), { containerId: 'gone', ifname: 'eth0' }, facts);
  leases.release(ip('10.240.0.8'));
  const [damaged = ''] = world.list(LEASES_DIR).filter((name) => name.startsWith('10.240.0.7@'));
  world.write(`${LEASES_DIR}/${damaged}`, 'junk');
  assert.deepEqual(readLeases(sys), {
    leases: [
      {
        containerId: 'a',
        ifname: 'eth0',
        address: ip('10.240.0.5'),
        network: 'azure',
        podName: 'web',
        podNamespace: 'x',
        sinceMs: world.nowMs,
      },
      { containerId: 'b', ifname: 'eth1', address: ip('10.240.0.7'), network: '' },
      {
        containerId: LONG,
        ifname: 'eth0',
        address: ip('10.240.0.9'),
        network: 'azure',
        sinceMs: world.nowMs,
      },
    ],
    damaged: [`${LEASES_DIR}/${damaged}`],
  });
  assert.deepEqual(readLeases(new FakeWorld().process()), { leases: [], damaged: [] });
});

test('readPools() divides the addresses of the newest answer', () => {
  const world = new FakeWorld();
  const sys = world.process();
  const known = pool().pool;
  const source = (name: string, fetchedMs: number, addresses = known.addresses) =>
    world.write(
      `${SOURCES}/${name}`,
      JSON.stringify({ source: name, fetchedMs, pools: [poolToJson({ ...known, addresses })] }),
    );
  source('old', 1000, [ip('10.240.0.99')]);
  source('new', 2000);
  world.write(`${SOURCES}/new@asked`, '{"askedMs":1}');
  world.write(`${SOURCES}/bad`, '[]');
  const leases = new Leases(sys);
  const facts = { network: 'azure', pool: '' };
  const owner = { containerId: 'a', ifname: 'eth0' };
  for (const address of ['10.240.0.5', '10.240.0.6', '10.240.0.7'].map(ip))
    leases.take(address, owner, facts);
  leases.release(ip('10.240.0.6'));
  world.nowMs += 31_000;
  leases.release(ip('10.240.0.7'));
  const { pools, damaged } = readPools(sys, new Set([ip('10.240.0.8'), ip('10.240.0.5')]));
  assert.deepEqual(damaged, [`${SOURCES}/bad`]);
  assert.equal(pools.length, 1);
  const [{ source: named, fetchedMs, leased, resting, free, onHost }] = pools as [(typeof pools)[0] & object];
  assert.deepEqual([named, fetchedMs], ['new', 2000]);
  assert.deepEqual(
    { leased, resting, free, onHost },
    {
      leased: [ip('10.240.0.5')],
      resting: [ip('10.240.0.7')],
      free: [ip('10.240.0.6')],
      onHost: [ip('10.240.0.8')],
    },
  );
});
