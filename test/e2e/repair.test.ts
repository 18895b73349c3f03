/**
 * What somebody or something broke in the kernel or in /run is mended by the next call. `pod` and `twin`
 * live throughout: they keep their addresses, and what can go on without a bridge or rules goes on.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.ts';
import { Machine } from './crash/machine.ts';
import { type Attached, hostVeth, pending, settled } from './crash/state.ts';
import { deleteRule, ip } from './support/damage.ts';
import { assertMeasured } from './support/measured.ts';
import { files } from './support/state.ts';
import { assertAnswered, assertNothingDropped, lost, pingsEvery5Ms } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const NAMES = ['pod', 'twin', 'next'] as const;
const GATEWAY = '10.240.0.1';

describe('The next call mends', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(() => lab.close());

  /** The calls that may come next; each is handed a machine with two pods and returns what is attached then. */
  const NEXT_CALLS: Readonly<Record<string, (machine: Machine, live: Attached) => Promise<Attached>>> = {
    'ADD of another': async (machine, live) => ({ ...live, next: await machine.add('next') }),
    'DEL of one': async (machine, { twin: _, ...live }) => {
      await machine.del('twin');
      return live;
    },
    GC: async (machine, live) => {
      await machine.gc(Object.keys(live));
      return live;
    },
  };

  /** What was broken, and what of it shows before the repair. */
  const DAMAGES: Readonly<Record<string, (machine: Machine) => Promise<unknown>>> = {
    'a bridge that was deleted': ({ vm }) => ip(vm, 'link del azure0'),
    'a bridge that is down': ({ vm }) => ip(vm, 'link set azure0 down'),
    'a NIC that was taken out of the bridge': ({ vm }) => ip(vm, 'link set eth0 nomaster'),
    'a bridge that was deleted while the wireserver has been silent for long': async (machine) => {
      rmSync(machine.vm.path('/run/azure-vnet/ipam/sources'), { recursive: true });
      await ip(machine.vm, 'link del azure0');
    },
    'rules that nft flush ruleset removed': ({ vm }) => vm.mustExec(['nft', 'flush', 'ruleset']),
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((number) => [
        `rule ${number} that was deleted alone`,
        (machine: Machine) => deleteRule(machine.vm, number),
      ]),
    ),
    'a NIC that was renamed': async ({ vm }) => {
      await ip(vm, 'link set eth0 down');
      await ip(vm, 'link set eth0 name eth9');
      await ip(vm, 'link set eth9 up');
    },
    'state that is gone while everything else stands': async ({ vm }) =>
      rmSync(vm.path('/run/azure-vnet'), { recursive: true }),
    'a NIC and rules that are gone': async ({ vm }) => {
      await ip(vm, 'link set eth0 nomaster');
      await vm.mustExec(['nft', 'flush', 'ruleset']);
    },
  };

  for (const [damage, cause] of Object.entries(DAMAGES)) {
    for (const [name, next] of Object.entries(NEXT_CALLS)) {
      test(`${damage}: ${name}`, async () => {
        const machine = await Machine.create(lab, NAMES);
        const live = { pod: await machine.add('pod'), twin: await machine.add('twin') };
        await cause(machine);
        const attached = await next(machine, live);
        const tolerated = /state that is gone/.test(damage) ? lostRecords(machine, live) : [];
        const found = (await settled(machine, attached, tolerated)).filter((it) => !tolerated.includes(it));
        assert.deepEqual(found, []);
        for (const address of Object.values(attached)) await assertAnswered(lab.fabric, address);
        for (const one of Object.keys(attached)) await machine.del(one);
        assert.deepEqual(await settled(machine, {}), [], 'every DEL still cleans up');
      });
    }
  }
});

describe('A live pod', { skip }, () => {
  let lab: Lab;
  let machine: Machine;
  before(async () => {
    lab = await Lab.create();
    machine = await Machine.create(lab, NAMES);
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  const HARMLESS: Readonly<Record<string, (machine: Machine) => Promise<unknown>>> = {
    'the state is gone and rebuilt': async ({ vm }) =>
      rmSync(vm.path('/run/azure-vnet'), { recursive: true }),
    'every record is damaged': async ({ vm }) => {
      for (const file of files(vm, '')) writeFileSync(vm.path(`/run/azure-vnet/${file}`), '\0');
    },
    'the network is built again because one rule of the other direction is missing': (it) =>
      deleteRule(it.vm, 3),
  };
  for (const [what, cause] of Object.entries(HARMLESS)) {
    test(`loses no packet while ${what}`, async () => {
      await assertMeasured(async () => {
        await machine.reset();
        const pod = await machine.add('pod');
        await assertAnswered(lab.fabric, pod);
        const pings = Promise.all([
          pingsEvery5Ms(machine.container('pod'), GATEWAY, 200),
          pingsEvery5Ms(lab.fabric, pod, 200),
          pingsEvery5Ms(machine.vm, pod, 200),
        ]);
        await sleep(200);
        await cause(machine);
        const next = await machine.add('next');
        assert.notEqual(next, pod, 'its address is not given out again');
        await machine.del('next');
        return (await pings).flatMap((seen, i) =>
          lost(['of the pod', 'inwards', 'of the node'][i] ?? '', seen, 200),
        );
      });
    });
  }

  test('is made anew by the same ADD when its host veth was deleted by hand', async () => {
    await machine.reset();
    await machine.add('pod');
    const twin = await machine.add('twin');
    await ip(machine.vm, `link del ${hostVeth(machine, 'pod')}`);
    assert.deepEqual(await settled(machine, { twin, pod: await machine.add('pod') }), []);
  });

  test('whose host veth was deleted by hand leaves nothing at DEL, nor at GC', async () => {
    for (const end of [() => machine.del('pod'), () => machine.gc(['twin'])]) {
      await machine.reset();
      await machine.add('pod');
      const twin = await machine.add('twin');
      await ip(machine.vm, `link del ${hostVeth(machine, 'pod')}`);
      await end();
      assert.deepEqual(await settled(machine, { twin }), []);
    }
  });

  test('whose namespace was deleted first leaves nothing at DEL, nor at GC', async () => {
    for (const end of [() => machine.del('pod'), () => machine.gc(['twin'])]) {
      await machine.reset();
      await machine.add('pod');
      const twin = await machine.add('twin');
      await machine.container('pod').renewNetns();
      await end();
      assert.deepEqual(await settled(machine, { twin }), []);
    }
  });

  test('is gone after a reboot, as is all state: everything starts clean, in the same order of addresses', async () => {
    await machine.reset();
    const first = [await machine.add('pod'), await machine.add('twin')];
    await machine.reset();
    assert.deepEqual([await machine.add('pod'), await machine.add('twin')], first);
    assert.deepEqual(
      await settled(machine, Object.fromEntries(first.map((it, i) => [NAMES[i] ?? '', it]))),
      [],
    );
  });

  test('of an interrupted DEL is gone after two seconds and an ADD, without any trick of time', async () => {
    const killed = await Machine.create(lab, NAMES, { killPoints: true });
    const live = { pod: await killed.add('pod') };
    await killed.add('twin');
    for (let killAt = 1; pending(killed).length === 0; killAt++) await killed.call('DEL', 'twin', { killAt });
    await sleep(2100);
    assert.deepEqual(await settled(killed, { ...live, next: await killed.add('next') }), []);
  });
});

/** Without their records pods work, and are leased to the name of their host veth. */
function lostRecords(machine: Machine, live: Attached): string[] {
  return Object.entries(live).flatMap(([name, address]) => [
    `record endpoints/azure@id-of-${name}@eth0 is missing`,
    `lease ${address} of id-of-${name}@eth0 is missing`,
    `lease ${address} of ${hostVeth(machine, name)}@unknown is left`,
  ]);
}
