import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationLog } from '../../../src/state/oplog.ts';
import { keepNetworkdOff, networkdFile } from '../../../src/vnet/networkd.ts';
import { FakeWorld } from '../../support/fake-sys.ts';

const RUNTIME = '/run/systemd/netif';
const FILE = networkdFile('azure0');

function declared(world: FakeWorld, fault?: (name: string) => string | undefined): string[] {
  const sys = world.process(fault === undefined ? {} : { fault: ({ name }) => fault(name) });
  const log = new OperationLog(sys);
  keepNetworkdOff({ sys, log }, 'eth0', 'azure0');
  assert.equal(sys.openDescriptors, 0);
  return log.entries.map(({ level, text }) => `${level}: ${text}`);
}

function nodeWith(...directories: readonly string[]): FakeWorld {
  const world = new FakeWorld();
  for (const path of directories) world.files.mkdir(path, 0o755);
  return world;
}

function modeOf(world: FakeWorld, path: string): number {
  return world.process().stat(path, false).mode & 0o777;
}

test('keepNetworkdOff() declares NIC, bridge and host veths unmanaged, readable for the user of systemd-networkd', () => {
  for (const also of [[], ['/run/systemd/network']]) {
    const world = nodeWith('/run/systemd', RUNTIME, ...also);
    assert.deepEqual(declared(world), []);
    assert.match(world.read(FILE), /^\[Match\]\nName=eth0 azure0 azv\*\n\[Link\]\nUnmanaged=yes\n$/);
    assert.equal(modeOf(world, FILE), 0o644);
    assert.equal(modeOf(world, '/run/systemd/network'), 0o755);
  }
});

test('keepNetworkdOff() comes before the files of netplan', () => {
  assert.ok(FILE < '/run/systemd/network/10-netplan-eth0.network');
});

test('keepNetworkdOff() writes nothing where systemd-networkd does not run', () => {
  for (const world of [nodeWith(), nodeWith('/run/systemd', '/run/systemd/network')]) {
    assert.deepEqual(declared(world), []);
    assert.equal(world.exists(FILE), false);
  }
});

test('keepNetworkdOff() notes what cannot be written, and what that means', () => {
  for (const call of ['mkdir', 'write', 'rename']) {
    const world = nodeWith('/run/systemd', RUNTIME);
    const notes = declared(world, (name) => (name === call ? 'EROFS' : undefined));
    assert.match(notes.join(), /^warn: systemd-networkd may take eth0 out of azure0: .*EROFS/);
    assert.equal(world.exists(FILE), false);
  }
});
