/**
 * The files of the state, damaged in every way: each reader returns what is right or nothing, sets aside what
 * is wrong, and never throws. What was read can be written and read again.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { IpamConfig, JsonObject } from '../../src/cni/types.ts';
import { currentPools } from '../../src/ipam/cache.ts';
import { Leases } from '../../src/ipam/leases.ts';
import { parseIpv4 } from '../../src/net/ipv4.ts';
import { LocalNetwork } from '../../src/net/local.ts';
import { OperationLog } from '../../src/state/oplog.ts';
import { QUARANTINE_DIR, STATE_ROOT } from '../../src/state/paths.ts';
import { SysError } from '../../src/sys/sys.ts';
import {
  ENDPOINTS_DIR,
  listEndpoints,
  PENDING_DIR,
  readEndpoint,
  writeEndpoint,
} from '../../src/vnet/endpoint-record.ts';
import {
  HOSTS_DIR,
  JOURNAL_DIR,
  listHostRecords,
  readHostRecord,
  writeHostRecord,
} from '../../src/vnet/host-record.ts';
import { listNetworks, readNetwork, writeNetwork } from '../../src/vnet/network-record.ts';
import type { FakeProcess } from '../support/fake-sys.ts';
import { hostileText } from './support/hostile.ts';
import { FuzzMachine } from './support/machine.ts';
import { mutateText, mutateValue, utf8 } from './support/mutate.ts';
import { forEachCase, type Random, SEED } from './support/random.ts';
import { withinTime } from './support/time.ts';

const CASES = 3000;
const CONFIG = { cniVersion: '1.1.0', name: 'azure', type: 'azure-vnet', ipam: { type: 'azure-vnet-ipam' } };

describe(`Records (FUZZ_SEED=${SEED})`, () => {
  const machine = new FuzzMachine();
  /** Every file of the state by its path, as real calls have left it. */
  const corpus = new Map<string, string>();

  before(() => {
    for (const [i, netns] of machine.scene.sandboxes.entries()) {
      const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: `c${i}`, CNI_NETNS: netns, CNI_IFNAME: 'eth0' };
      const call = {
        plugin: 'azure-vnet',
        env: { ...env, CNI_PATH: machine.scene.cniPath },
        stdin: utf8(JSON.stringify(CONFIG)),
      } as const;
      const { status, stdout } = machine.run(call);
      assert.equal(status, 0, stdout);
      if (i === 2) assert.equal(machine.run({ ...call, env: { ...call.env, CNI_COMMAND: 'DEL' } }).status, 0);
    }
    machine.connectHost();
    for (const path of filesBelow(machine, STATE_ROOT)) corpus.set(path, machine.world.read(path));
    // A move that was interrupted has the same record as one that was done.
    for (const [path, text] of [...corpus]) {
      if (path.startsWith(HOSTS_DIR)) corpus.set(path.replace(HOSTS_DIR, JOURNAL_DIR), text);
    }
    for (const kind of [
      'networks',
      'endpoints',
      'pending',
      'hosts',
      'journal',
      'ipam/leases',
      'ipam/sources',
    ]) {
      assert.ok(
        [...corpus.keys()].some((path) => path.startsWith(`${STATE_ROOT}/${kind}/`)),
        `there is a record of ${kind}`,
      );
    }
  });

  test('readers return what is right, set the rest aside, and never throw', () => {
    const paths = [...corpus.keys()].filter((path) => path !== `${STATE_ROOT}/lock`);
    let kept = 0;
    let wrong = 0;
    forEachCase(CASES, (random) => {
      restore(machine, corpus);
      const path = random.pick(paths);
      damage(random, machine, path, corpus.get(path) ?? '');
      const sys = machine.world.process();
      withinTime(() => readEverything(sys, new OperationLog(sys)));
      if (machine.world.exists(path)) kept++;
      if (machine.world.list(QUARANTINE_DIR).length > 0) wrong++;
    });
    assert.ok(kept > CASES / 10 && wrong > CASES / 10, `${kept} kept, ${wrong} set aside`);
  });

  test('names of leases that nobody of us has written are left alone', () => {
    forEachCase(CASES, (random) => {
      restore(machine, corpus);
      const name = leaseName(random);
      // Two leases of one address are none that we have written.
      if (name === '' || name === '.' || name === '..' || /^10\.240\.0\.[5-7]@/.test(name)) return;
      machine.world.write(
        `${STATE_ROOT}/ipam/leases/${name}`,
        random.oneIn(2) ? '{}' : '{"containerId":"x","ifname":"y"}',
      );
      const sys = machine.world.process();
      withinTime(() => readLeases(sys));
      // The two pods still have theirs.
      const leases = new Leases(sys);
      for (const id of ['c0', 'c1'])
        assert.ok(leases.addressesOf({ containerId: id, ifname: 'eth0' }, 'azure').length >= 1);
    });
  });
});

/** Reads every kind of record in every way that the plugins have. */
function readEverything(sys: FakeProcess, log: OperationLog): void {
  for (const record of [...listNetworks(sys, log), readNetwork(sys, log, 'azure')]) {
    if (record === undefined) continue;
    writeNetwork(sys, record);
    assert.deepEqual(readNetwork(sys, log, record.name), record);
  }
  for (const directory of [ENDPOINTS_DIR, PENDING_DIR] as const) {
    const one = readEndpoint(sys, log, directory, 'azure', { containerId: 'c0', ifname: 'eth0' });
    for (const record of [...listEndpoints(sys, log, directory), one]) {
      if (record === undefined) continue;
      writeEndpoint(sys, directory, record);
      // As text: of a damaged result even 1e999 is passed on, which JSON writes as null.
      const again = readEndpoint(sys, log, directory, record.network, record);
      assert.equal(JSON.stringify(again), JSON.stringify(record));
    }
  }
  for (const directory of [HOSTS_DIR, JOURNAL_DIR] as const) {
    for (const record of [
      ...listHostRecords(sys, log, directory),
      readHostRecord(sys, log, directory, 'azure2'),
    ]) {
      if (record === undefined) continue;
      // The messages of a damaged record are put in order by the first writing, no more by the second.
      writeHostRecord(sys, directory, record);
      const inOrder = readHostRecord(sys, log, directory, record.bridge) ?? assert.fail('a record of ours');
      writeHostRecord(sys, directory, inOrder);
      assert.deepEqual(readHostRecord(sys, log, directory, record.bridge), inOrder);
    }
  }
  readLeases(sys);
  readPools(sys, log);
}

function readLeases(sys: FakeProcess): void {
  const leases = new Leases(sys);
  for (const { address, attachment } of leases.all()) {
    assert.equal(typeof attachment.containerId, 'string');
    assert.equal(leases.stateOf(address), 'leased');
    leases.holderOf(address);
  }
  for (const id of ['c0', 'c1', 'c2', 'x']) leases.addressesOf({ containerId: id, ifname: 'eth0' }, 'azure');
  const address = parseIpv4('10.240.0.6') ?? assert.fail();
  leases.stateOf(address);
  try {
    leases.tidy();
    leases.forgetUnknown(() => false, sys.realtimeMs());
  } catch (error) {
    // A directory where a file belongs, which only a person makes; the call ends with this error.
    if (!(error instanceof SysError)) throw error;
  }
}

function readPools(sys: FakeProcess, log: OperationLog): void {
  const config: IpamConfig = { environment: 'azure', queryIntervalMs: 1e9 };
  const local = new LocalNetwork(sys);
  const pools = currentPools({ sys, log }, config, local, config.queryIntervalMs);
  // The wireserver answers, so there are always some; a cache that can be read may hold none.
  assert.ok(pools.ok);
  for (const { addresses, gateway } of pools.value.pools)
    assert.ok([gateway, ...addresses].every((one) => one >>> 0 === one));
}

/** Puts everything back as it was. */
function restore({ world }: FuzzMachine, corpus: ReadonlyMap<string, string>): void {
  removeAll(world, STATE_ROOT);
  for (const [path, text] of corpus) world.write(path, text);
}

function removeAll(world: FuzzMachine['world'], path: string): void {
  if (!world.exists(path)) return;
  if (world.files.stat(path, false).type !== 'directory') {
    world.files.unlink(path);
    return;
  }
  for (const name of world.list(path)) removeAll(world, `${path}/${name}`);
  world.files.rmdir(path);
}

function damage(random: Random, { world }: FuzzMachine, path: string, text: string): void {
  const content = damagedContent(random, text);
  if (content !== undefined) {
    world.write(path, content);
    return;
  }
  world.files.unlink(path);
  if (random.oneIn(3)) world.files.mkdir(path, 0o700);
  else if (random.oneIn(2)) world.symlink(path, random.pick(['/etc/passwd', path, '/nosuch', STATE_ROOT]));
}

/** Undefined for a file that is to be something else. */
function damagedContent(random: Random, text: string): string | Uint8Array | undefined {
  switch (random.weighted({ value: 40, text: 24, bytes: 8, nul: 4, empty: 4, large: 1, none: 12 })) {
    case 'value':
      return JSON.stringify(mutateValue(random, JSON.parse(text) as JsonObject));
    case 'text':
      return mutateText(random, text);
    case 'bytes':
      return random.bytes(random.below(300));
    case 'nul':
      return new Uint8Array(text.length);
    case 'empty':
      return '';
    case 'large':
      return `{"x":"${'y'.repeat(1024 * 1024)}"}`;
    default:
      return undefined;
  }
}

/** Nearly that of a lease or of a release. */
function leaseName(random: Random): string {
  const parts = [
    random.pick([
      '10.240.0.9',
      '~1893456000000',
      '~',
      '~-1',
      '~NaN',
      '~1e400',
      '999.1.1.1',
      '%',
      hostileText(random),
    ]),
    random.pick(['10.240.0.9', 'c9', '%zz', '%', '', hostileText(random)]),
    random.pick(['eth0', '%2e%2e', '', hostileText(random)]),
  ].slice(0, 1 + random.below(3));
  const name = parts.join('@').replaceAll('/', '%2f').replaceAll('\0', '');
  return Buffer.from(name).subarray(0, 250).toString('latin1').slice(0, 120);
}

function filesBelow({ world }: FuzzMachine, directory: string): string[] {
  return world.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    return world.files.stat(path, false).type === 'directory'
      ? filesBelow({ world } as FuzzMachine, path)
      : [path];
  });
}
