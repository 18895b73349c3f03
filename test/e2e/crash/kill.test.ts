/**
 * A call is killed (SIGKILL) right before each of its calls to the system in turn. Then comes the next
 * operation of the node, and after it the node has its address, routes and gateway, no address is lost or
 * given twice, and nothing is left of what was deleted.
 *
 * AZURE_VNET_ALL_KILL_POINTS=1 tries every next operation after every point; without it two of four do.
 */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { killEverywhere, type Verdict } from '../../support/kill-points.ts';
import { assertNothingDropped } from '../support/traffic.ts';
import { Machine } from './machine.ts';
import { type Attached, agePending, nodeDifferences, pending, settled } from './state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/** `pod` lives throughout, `one` and `two` are those that the killed call is about, `other` comes later. */
const NAMES = ['pod', 'one', 'two', 'other'] as const;

interface Operation {
  readonly name: string;
  readonly command: 'ADD' | 'DEL' | 'GC';
  /** Containers that are attached before. */
  readonly before: readonly string[];
  /** Containers that the call may leave half attached or half removed; the first is that of ADD and DEL. */
  readonly touched: readonly string[];
}

const OPERATIONS: readonly Operation[] = [
  { name: 'a first ADD', command: 'ADD', before: [], touched: ['one'] },
  { name: 'a later ADD', command: 'ADD', before: ['pod'], touched: ['one'] },
  { name: 'a DEL, with its detached child', command: 'DEL', before: ['pod', 'one'], touched: ['one'] },
  { name: 'a GC', command: 'GC', before: ['pod', 'one', 'two'], touched: ['one', 'two'] },
];

interface Next {
  readonly name: string;
  /** True when no interrupted deletion may be left by it. */
  readonly sweeps: boolean;
  /** Makes the call: what is attached then, and which containers the runtime has still to DEL. */
  run(
    machine: Machine,
    live: Attached,
    touched: readonly string[],
  ): Promise<{ live: Attached; open: string[] }>;
}

const NEXT: readonly Next[] = [
  {
    name: 'the same ADD',
    sweeps: true,
    run: async (machine, live, [first = '', ...rest]) => ({
      live: { ...live, [first]: await machine.add(first) },
      open: rest,
    }),
  },
  {
    name: 'DEL of the same',
    sweeps: false,
    run: async (machine, live, [first = '', ...rest]) => {
      await machine.del(first);
      return { live, open: rest };
    },
  },
  {
    name: 'ADD of another container',
    sweeps: true,
    run: async (machine, live, touched) => ({
      live: { ...live, other: await machine.add('other') },
      open: [...touched],
    }),
  },
  {
    name: 'GC',
    sweeps: true,
    run: async (machine, live) => {
      await machine.gc(Object.keys(live));
      return { live, open: [] };
    },
  },
];

describe('Killed at any call to the system:', { skip }, () => {
  let lab: Lab;
  let machines: Machine[];
  before(async () => {
    lab = await Lab.create();
    machines = [];
    for (let i = 0; i < 4; i++) machines.push(await Machine.create(lab, NAMES, { killPoints: true }));
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  for (const operation of OPERATIONS) {
    test(`${operation.name}: the node stays, no address is lost or given twice, nothing is left`, async (t) => {
      const tried = await killEverywhere(machines, NEXT, (machine, point, next) =>
        scenario(machine, operation, point, next),
      );
      report(t, `${operation.name}: ${tried.points} kill points, ${tried.scenarios} scenarios`);
      assert.deepEqual(tried.problems.slice(0, 20), [], `${tried.problems.length} problems`);
      assert.ok(tried.points > 25, `only ${tried.points} kill points`);
    });
  }
});

async function scenario(machine: Machine, operation: Operation, point: number, next: Next): Promise<Verdict> {
  await machine.reset();
  const attached: Record<string, string> = {};
  for (const name of operation.before) attached[name] = await machine.add(name);
  const live = Object.fromEntries(
    Object.entries(attached).filter(([name]) => !operation.touched.includes(name)),
  );

  const [first = ''] = operation.touched;
  const { status } = await machine.call(operation.command, first, {
    killAt: point,
    valid: Object.keys(live),
  });
  // The child of DEL may have been killed as well.
  await machine.idle();
  const killed = status === -1 || pending(machine).length > 0;
  const problems = (await nodeDifferences(machine)).map((problem) => `before anything else ${problem}`);
  agePending(machine);

  const { live: wanted, open } = await next.run(machine, live, operation.touched);
  if (next.sweeps)
    problems.push(...pending(machine).map((name) => `the deletion of ${name} is still pending`));
  problems.push(...(await nodeDifferences(machine)));
  for (const name of open) await machine.del(name);
  problems.push(...(await settled(machine, wanted)));
  return { killed, problems };
}

function report(t: TestContext, text: string): void {
  t.diagnostic(text);
  console.log(text);
}
