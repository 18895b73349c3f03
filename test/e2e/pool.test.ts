/** Addresses: which are handed out, when, and what is said when there is none. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import type { WireserverMode } from '../../lab/model.ts';
import { DEFAULT_QUERY_INTERVAL_MS } from '../../src/cni/ipam-config.ts';
import { WIRESERVER_DEADLINE_MS } from '../../src/ipam/wireserver.ts';
import { type CallChanges, type Called, Container, networkConfig } from './support/container.ts';
import { hostVeths, ipv4 } from './support/kernel.ts';
import { assertMeasured } from './support/measured.ts';
import {
  addressOfMac,
  ageCache,
  assertNoLeftovers,
  lastLog,
  leases,
  logLines,
  snapshot,
} from './support/state.ts';
import { assertAnswered, assertNothingDropped } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** The deadline of a query and what a busy machine adds; less than two queries. */
const MOST_QUERY_MS = 2 * WIRESERVER_DEADLINE_MS - 100;
/** A used-up pool is asked for again after REFRESH_EARLY_MS; this is half of queryInterval. */
const AT_ONCE_MS = DEFAULT_QUERY_INTERVAL_MS / 2;
const FOUND_LIMIT_MS = 60_000;

describe('The pool', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('exhausted: says how many of how many are used; a DEL is enough to go on', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 3 });
    const pods = await attachAll(vm, 3);
    assert.deepEqual(addressesOf(pods), vm.nic().secondaries, 'all secondary addresses, never the primary');
    const more = await Container.create(vm, 'more');
    const before = await snapshot(vm);
    const { code, msg } = await more.refused('ADD');
    assert.deepEqual({ code, msg }, { code: 11, msg: exhausted(3) });
    assert.deepEqual(await snapshot(vm), before);
    await pods[1]?.container.del();
    assert.equal(await more.addAddress(), pods[1]?.address);
    await assertAnswered(more, '10.240.0.1');
    for (const { container } of pods) await container.del();
    await more.del();
    await assertNoLeftovers(vm);
  });

  test('refilled at run time: new ipconfigs are found at once, not after queryInterval', () =>
    assertMeasured(async () => {
      const vm = await lab.addVm({ conflist: null, secondaries: 1 });
      await attachAll(vm, 1);
      const more = await Container.create(vm, 'more');
      assert.equal((await more.refused('ADD')).msg, exhausted(1));
      const added = await lab.addIpconfigs(vm.name, 1);
      const addedMs = performance.now();
      let called = await more.call('ADD');
      while (called.status !== 0) {
        assert.ok(performance.now() < addedMs + FOUND_LIMIT_MS, called.stdout);
        called = await more.call('ADD');
      }
      const foundMs = performance.now() - addedMs;
      assert.deepEqual(
        leases(vm)
          .map(({ address }) => address)
          .sort(),
        [...vm.nic().secondaries].sort(),
      );
      assert.deepEqual(await ipv4(more, 'eth0'), [`${added[0]}/16`]);
      await assertAnswered(more, '10.240.0.1');
      return foundMs < AT_ONCE_MS ? [] : [`found after ${foundMs} ms`];
    }));

  test('shrunk while in use: the pod keeps its address, which nobody gets after it', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 3 });
    const [first, second] = await attachAll(vm, 2);
    assert.ok(first && second);
    await lab.removeIpconfigs(vm.name, [first.address]);
    ageCache(vm);
    const third = await Container.create(vm, 'third');
    assert.equal(await third.addAddress(), vm.nic().secondaries[1]);
    assert.equal(await first.container.addAddress(), first.address, 'ADD again changes nothing');
    await first.container.del();
    const fourth = await Container.create(vm, 'fourth');
    assert.equal((await fourth.refused('ADD')).msg, exhausted(2));
    for (const container of [second.container, third]) await container.del();
    assert.notEqual(await fourth.addAddress(), first.address);
    await fourth.del();
    await assertNoLeftovers(vm);
  });

  test('used up by containers that are gone without a DEL: takes their addresses back, and no others', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 3 });
    const [gone, unlinked, kept] = await attachAll(vm, 3);
    assert.ok(gone && unlinked && kept);
    const next = await Container.create(vm, 'next');
    assert.equal((await next.refused('ADD')).msg, exhausted(3));
    await gone.container.removeNetns();
    await untilGone(vm, gone.address);
    // Its sandbox is there: somebody may still run CHECK or DEL for it.
    await unlinked.container.mustExec(['ip', 'link', 'delete', 'eth0']);
    assert.equal(await next.addAddress(), gone.address);
    assert.match(lastLog(vm).notes.join(), /gone without a DEL; its address is taken back/);
    assert.equal((await (await Container.create(vm, 'more')).refused('ADD')).msg, exhausted(3));
    await assertAnswered(vm, kept.address);
    await gone.container.del();
    await assertAnswered(vm, gone.address);
    for (const container of [unlinked.container, kept.container, next]) await container.del();
    await assertNoLeftovers(vm);
  });

  test('without any ipconfig: says that, and changes nothing', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 0 });
    const container = await Container.create(vm, 'none');
    const before = await snapshot(vm);
    const { code, msg } = await container.refused('ADD');
    const text = 'eth0 has no secondary ipconfigs in 10.240.0.0/16; add ipconfigs to the NIC';
    assert.deepEqual({ code, msg }, { code: 11, msg: `No available addresses: ${text}` });
    assert.deepEqual(await snapshot(vm), before);
  });

  test('skips what cloud-init has put on the NIC, and says how to stop it', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 3 });
    const [onHost, ...free] = vm.nic().secondaries;
    await vm.mustExec(['ip', 'addr', 'add', `${onHost}/16`, 'dev', 'eth0']);
    const pods = await attachAll(vm, 1);
    assert.equal(pods[0]?.address, free[0]);
    const advice = /apply_network_config_for_secondary_ips: false/;
    const note = lastLog(vm).notes.find((text) => text.includes(`not for pods: ${onHost}; cloud-init`));
    assert.match(note ?? '', advice);
    assert.deepEqual(await ipv4(vm, 'azure0'), [`${vm.nic().primary}/16`, `${onHost}/16`]);
    // Now it is on the bridge, and still the host's.
    pods.push(...(await attachAll(vm, 1)));
    assert.equal(pods[1]?.address, free[1]);
    const { msg } = await (await Container.create(vm, 'more')).refused('ADD');
    assert.match(msg, /2 of 3 used in 10\.240\.0\.0\/16 \(and 1 on the host's own interfaces\)/);
    assert.match(msg, advice);
    await assertAnswered(vm, free[0] ?? '');
  });

  test('lets a released address rest while there are others, then takes the longest released', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 4 });
    const [a, b, c, d] = vm.nic().secondaries;
    const pods = await attachAll(vm, 2);
    assert.deepEqual(addressesOf(pods), [a, b]);
    await pods[1]?.container.del();
    await pods[0]?.container.del();
    const later = await attachAll(vm, 4);
    assert.deepEqual(addressesOf(later), [c, d, b, a]);
    assert.match(
      lastLog(vm).notes.join(),
      new RegExp(`${a} was released \\d+ s ago; no other address is free`),
    );
  });
});

describe('A requested address', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  const ways: Record<string, (address: string) => CallChanges> = {
    'CNI_ARGS IP=': (address) => ({ env: { CNI_ARGS: `IgnoreUnknown=1;IP=${address};K8S_POD_NAME=p` } }),
    'runtimeConfig.ips': (address) => ({ config: networkConfig({ runtimeConfig: { ips: [address] } }) }),
    'runtimeConfig.ips with a prefix': (address) => ({
      config: networkConfig({ runtimeConfig: { ips: [`${address}/16`] } }),
    }),
    'args.cni.ips': (address) => ({ config: networkConfig({ args: { cni: { ips: [address] } } }) }),
    'ipam.ipAddress': (ipAddress) => ({
      config: networkConfig({ ipam: { type: 'azure-vnet-ipam', ipAddress } }),
    }),
  };
  for (const [way, changesFor] of Object.entries(ways)) {
    test(`by ${way} is given when it is free, refused when it is not`, async () => {
      const wanted = vm.nic().secondaries[2] ?? '';
      const name = way.toLowerCase().replaceAll(/[^a-z]+/g, '-');
      const [one, two] = [
        await Container.create(vm, `one-${name}`),
        await Container.create(vm, `two-${name}`),
      ];
      assert.equal(await one.addAddress(changesFor(wanted)), wanted);
      assert.equal(await one.addAddress(changesFor(wanted)), wanted, 'again');
      await assertAnswered(vm, wanted);
      const before = await snapshot(vm);
      const reasons = {
        [wanted]: `it is in use by container ${one.id} (eth0)`,
        '10.240.77.7': 'it is no secondary ipconfig of eth0; add one, or ask for another address',
        [vm.nic().primary]: 'it is no secondary ipconfig of eth0; add one, or ask for another address',
        '192.0.2.1': 'it is outside 10.240.0.0/16',
      };
      for (const [address, reason] of Object.entries(reasons)) {
        const { code, msg } = await two.refused('ADD', changesFor(address));
        const text = `Requested address ${address} is not available: ${reason}`;
        assert.deepEqual({ code, msg }, { code: 100, msg: text });
      }
      assert.deepEqual(await snapshot(vm), before);
      await one.del();
      await assertNoLeftovers(vm);
    });
  }
});

describe('The wireserver', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let running: { container: Container; address: string };
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 8 });
    const [pod] = await attachAll(vm, 1);
    assert.ok(pod);
    running = pod;
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('is asked once for a burst of pods', async () => {
    ageCache(vm);
    const asked = lab.wireserverRequests().length;
    const pods = await attachAll(vm, 5);
    assert.equal(lab.wireserverRequests().length - asked, 1);
    for (const { container } of pods) await container.del();
    assert.equal(lab.wireserverRequests().length - asked, 1, 'and not for DEL');
  });

  /** How each failure reads in the error, and in the log while there is an older answer. */
  const failures: Record<Exclude<WireserverMode, 'ok'>, RegExp> = {
    refuse: /refused/,
    blackhole: /timed out/,
    hang: /timed out/,
    500: /status 500/,
    half: /malformed: ended within the body/,
    huge: /too large: answer of more than 1048576 bytes/,
    garbage: /malformed XML/,
    empty: /the answer names no interface/,
    nomac: /for interfaces with the MAC addresses 00:0d:3a:ff:ff:ff; here are/,
  };
  for (const [mode, says] of Object.entries(failures)) {
    test(`that plays ${mode}: with an older answer ADD works, without it is code 11, in time`, () =>
      assertMeasured(async (attempt) => {
        const name = `${mode}${attempt}`;
        await lab.setWireserver(mode as WireserverMode);
        const calls: Called[] = [];
        try {
          calls.push(await calledWithOlderAnswer(name, says), await calledWithoutAnswer(name, says));
        } finally {
          await lab.setWireserver('ok');
        }
        // It recovers by itself.
        const next = await Container.create(vm, `next-${name}`);
        await next.add();
        await next.del();
        const late = calls.filter(({ durationMs }) => durationMs >= MOST_QUERY_MS);
        return late.map(({ durationMs }) => `a call took ${durationMs} ms`);
      }));
  }

  async function calledWithOlderAnswer(name: string, says: RegExp): Promise<Called> {
    ageCache(vm);
    const served = await Container.create(vm, `cached-${name}`);
    const added = await served.call('ADD');
    assert.equal(added.status, 0, added.stdout);
    const note = lastLog(vm).notes.find((text) => text.startsWith('warn: address source http://168.63'));
    assert.match(note ?? '', says);
    assert.match(note ?? '', /its answer of \d+ s ago is used/);
    await assertAnswered(served, '10.240.0.1');
    await served.del();
    return added;
  }

  async function calledWithoutAnswer(name: string, says: RegExp): Promise<Called> {
    rmSync(vm.path('/run/azure-vnet/ipam/sources'), { recursive: true });
    const before = await snapshot(vm);
    const refused = await (await Container.create(vm, `bare-${name}`)).call('ADD');
    assert.equal(refused.status, 1);
    const { code, msg } = JSON.parse(refused.stdout);
    assert.equal(code, 11);
    assert.match(msg, /^Invalid address space: address source http:\/\/168\.63\.129\.16\/machine\/plugins\?/);
    assert.match(msg, says);
    assert.match(msg, /nothing is cached, so it must answer first$/);
    await assertAnswered(vm, running.address);
    await assertAnswered(running.container, '10.240.0.1');
    assert.equal(await running.container.addAddress(), running.address, 'ADD again needs no source');
    assert.deepEqual(await snapshot(vm), before);
    return refused;
  }

  test('leaves no lease and no error behind', async () => {
    await running.container.del();
    await assertNoLeftovers(vm);
    const unexpected = logLines(vm).filter(({ error }) => error !== undefined && !error.includes('168.63'));
    assert.deepEqual(unexpected, []);
  });
});

interface Attached {
  readonly container: Container;
  readonly address: string;
}

/** Attaches so many new containers, one after the other. */
async function attachAll(vm: Vm, count: number): Promise<Attached[]> {
  const attached: Attached[] = [];
  for (let i = 0; i < count; i++) {
    const container = await Container.create(vm, `p${++named}`);
    attached.push({ container, address: await container.addAddress() });
  }
  return attached;
}

/** The kernel removes the pair of a deleted namespace some time later. */
async function untilGone(vm: Vm, address: string): Promise<void> {
  const isThere = async () => (await hostVeths(vm)).some((it) => addressOfMac(it.address) === address);
  const deadlineMs = performance.now() + 30_000;
  while (await isThere()) assert.ok(performance.now() < deadlineMs, `the link of ${address} stays`);
}

function addressesOf(pods: readonly Attached[]): string[] {
  return pods.map(({ address }) => address);
}

function exhausted(count: number): string {
  const advice = 'add ipconfigs to the NIC or remove pods';
  return `No available addresses: ${count} of ${count} used in 10.240.0.0/16; ${advice}`;
}

let named = 0;
