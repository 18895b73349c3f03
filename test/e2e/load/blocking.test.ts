/** What one call waits for holds up no other; and what all wait for, they do not wait for without an end. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { WIRESERVER_DEADLINE_MS } from '../../../src/ipam/wireserver.ts';
import { LOCK_TIMEOUT_MS } from '../../../src/state/lock.ts';
import type { AddResult } from '../support/container.ts';
import { Container, networkConfig } from '../support/container.ts';
import { assertMeasured } from '../support/measured.ts';
import { ageCache, assertNoLeftovers } from '../support/state.ts';
import { BIN, CNI_PATH } from '../support/tool.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** The deadline of a query and what a busy machine adds; less than two queries. */
const MOST_HUNG_MS = 2 * WIRESERVER_DEADLINE_MS - 100;
/** LOCK_TIMEOUT_MS, and what the rest of a call takes on a busy machine; less than waiting twice. */
const LOCK_WAIT_MS = [LOCK_TIMEOUT_MS - 500, 2 * LOCK_TIMEOUT_MS - 500] as const;
const LOCK = '/run/azure-vnet/lock';
const START_TIMEOUT_MS = 30_000;

type Containers = [Container, Container, Container, Container];

describe('A call that waits', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let running: Container;
  let result: AddResult;
  let address: string;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 8 });
    running = await Container.create(vm, 'running');
    result = await running.add();
    address = result.ips[0]?.address.replace(/\/.*/, '') ?? '';
  });
  after(async () => {
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('for a wireserver that hangs holds up no ADD, CHECK, DEL, GC, STATUS and no frame', () =>
    assertMeasured(async (attempt) => {
      const containers = await create(`asking${attempt}`, `second${attempt}`, `third${attempt}`);
      await containers[2].add();
      await lab.setWireserver('hang');
      try {
        ageCache(vm);
        return await callsBesideHung(containers);
      } finally {
        await lab.setWireserver('ok');
        for (const container of containers) await container.del();
        await assertNoLeftovers(vm, [address]);
      }
    }));

  /** What took longer than the call that waits for the wireserver, or than its deadline. */
  async function callsBesideHung([asking, second, third]: Containers): Promise<string[]> {
    const asked = lab.wireserverRequests().length;
    const hung = asking.call('ADD');
    let isAsking = true;
    const ended = () => {
      isAsking = false;
    };
    hung.then(ended, ended);
    await until('the wireserver is asked', () => lab.wireserverRequests().length > asked);
    const valid = [running, asking, second].map(({ id }) => ({ containerID: id, ifname: 'eth0' }));
    const check = { config: networkConfig({ prevResult: JSON.parse(JSON.stringify(result)) }) };
    const others = {
      'ADD with the older answer': second.call('ADD'),
      'repeated ADD': running.call('ADD'),
      CHECK: running.call('CHECK', check),
      DEL: third.call('DEL'),
      GC: running.call('GC', { config: networkConfig({ 'cni.dev/valid-attachments': valid }) }),
      STATUS: running.call('STATUS'),
    };
    const problems: string[] = [];
    for (const [what, call] of Object.entries(others)) {
      const { status, stdout, durationMs } = await call;
      assert.equal(status, 0, `${what}: ${stdout}`);
      if (!isAsking) problems.push(`${what} took ${durationMs} ms and waited for the one that asks`);
    }
    await assertAnswered(vm, address);
    const { status, stdout, durationMs } = await hung;
    assert.equal(status, 0, stdout);
    if (durationMs >= MOST_HUNG_MS) problems.push(`the one that asked took ${durationMs} ms`);
    return problems;
  }

  test('for a wireserver that hangs without an older answer does so at the same time as others', async () => {
    await assertMeasured(async (attempt) => {
      const names = ['one', 'two', 'three', 'four'].map((name) => `${name}${attempt}`);
      const containers = await create(...names);
      await lab.setWireserver('hang');
      try {
        rmSync(vm.path('/run/azure-vnet/ipam/sources'), { recursive: true });
        const calls = await Promise.all(containers.map((it) => it.call('ADD')));
        for (const { status } of calls) assert.equal(status, 1);
        const late = calls.filter(({ durationMs }) => durationMs >= MOST_HUNG_MS);
        return late.map(({ durationMs }) => `${durationMs} ms`);
      } finally {
        // An answer, so that there is one to remove.
        await lab.setWireserver('ok');
        assert.equal((await running.call('STATUS')).status, 0);
      }
    });
    await assertNoLeftovers(vm, [address]);
  });

  test('for the lock gives up with code 11 and names who holds it; the next call works', async () => {
    const [holder, waiting] = await create('holder', 'waiting');
    const { held, pid } = await stoppedWithLock(holder);
    const [added, deleted] = await Promise.all([waiting.call('ADD'), waiting.call('DEL')]);
    // Frames and repeated calls do not need it.
    assert.equal((await running.call('ADD')).status, 0);
    await assertAnswered(vm, address);
    for (const { status, stdout, durationMs } of [added, deleted]) {
      assert.equal(status, 1);
      const { code, msg } = JSON.parse(stdout);
      assert.equal(code, 11, msg);
      const who = `last taken by pid ${pid} ADD ${holder.id}`;
      assert.ok(msg.startsWith('timed out locking store: /run/azure-vnet/lock') && msg.includes(who), msg);
      assert.ok(durationMs > LOCK_WAIT_MS[0] && durationMs < LOCK_WAIT_MS[1], `${durationMs} ms`);
    }
    await vm.mustExec(['kill', '-CONT', pid]);
    const { status, stdout } = await held;
    assert.equal(status, 0, stdout);
    await waiting.add();
    for (const container of [holder, waiting]) await container.del();
    await assertNoLeftovers(vm, [address]);
  });

  test('for a holder of the lock that is killed goes on at once', async () => {
    const [holder, waiting] = await create('killed', 'next');
    const { held, pid } = await stoppedWithLock(holder);
    const added = waiting.call('ADD');
    await vm.mustExec(['kill', '-KILL', pid]);
    await held;
    const { status, stdout, durationMs } = await added;
    assert.equal(status, 0, stdout);
    assert.ok(durationMs < LOCK_WAIT_MS[0], `${durationMs} ms`);
    for (const container of [holder, waiting]) await container.del();
    await assertNoLeftovers(vm, [address]);
  });

  async function create<N extends string>(...names: readonly N[]) {
    rmSync(vm.path(LOCK), { force: true });
    return Promise.all(names.map((name) => Container.create(vm, name))) as Promise<Containers>;
  }

  /** An ADD that stops when it has taken the lock and written down who it is, which is its first write there. */
  async function stoppedWithLock({ id, netns }: Container) {
    const inject = 'inject=write:signal=SIGSTOP:when=1';
    const env = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: id,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH,
    };
    const strace = ['/usr/bin/strace', '-f', '-qq', '-o', '/run/trace', '-P', LOCK, '-e', inject];
    const held = vm.exec([...strace, `${BIN}/azure-vnet`], { env, stdin: JSON.stringify(networkConfig()) });
    held.catch(() => undefined); // whoever awaits it sees why
    const holder = new RegExp(`^pid (\\d+) ADD ${id}`);
    const [, pid = ''] = await until('the lock is held', () => holder.exec(lockText(vm)));
    return { held, pid };
  }
});

function lockText(vm: Vm): string {
  const path = vm.path(LOCK);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** What `look` finds, as soon as it finds something. */
async function until<T>(what: string, look: () => T): Promise<NonNullable<T>> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadline, what);
    await sleep(2);
  }
}
