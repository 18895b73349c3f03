/** What containers leave on a node: nothing. Compared are the times before the first one and after the last. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';
import { links } from '../../e2e/support/kernel.ts';
import { assertNoLeftovers } from '../../e2e/support/state.ts';
import { WORK } from './client-vm.ts';

export interface Traces {
  readonly links: readonly string[];
  readonly netns: readonly string[];
  readonly mounts: readonly string[];
  /** Names of the programs that run. */
  readonly processes: readonly string[];
  /** What portmap and libcni have of single containers. */
  readonly rules: readonly string[];
  readonly cache: readonly string[];
}

export async function traces(vm: Vm): Promise<Traces> {
  const lines = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  const pool = vm.nic().secondaries;
  return {
    links: (await links(vm)).map(({ ifname }) => ifname).filter((name) => name !== 'azure0'),
    netns: lines(await vm.mustExec(['find', '/run/netns', '-mindepth', '1'])),
    mounts: lines(readFileSync(`/proc/${vm.anchor.inner.pid}/mounts`, 'utf8')).filter(isOfContainers),
    processes: lines(await vm.mustExec(['ps', '-e', '-o', 'comm='])),
    rules: lines(await vm.mustExec(['iptables-save'])).filter((line) => isRuleOfContainer(line, pool)),
    cache: lines(await vm.mustExec(['find', '/var/lib/cni', '-type', 'f'])),
  };
}

/** Those to compare with: once nothing changes any more, as programs that a client runs at its start have ended. */
export async function steadyTraces(vm: Vm): Promise<Traces> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (let before = await traces(vm); ; ) {
    await sleep(STEADY_MS);
    const now = await traces(vm);
    const changes = changesSince(before, now);
    if (changes.length === 0) return now;
    if (performance.now() > deadline) assert.deepEqual(changes, [], `what changes in ${vm.name}`);
    before = now;
  }
}

/** Waits for what ends by itself: a link that DEL left to its child, the shim of a container. */
export async function assertNoTraces(vm: Vm, before: Traces): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const changes = changesSince(before, await traces(vm));
    if (changes.length === 0) break;
    if (performance.now() > deadline) assert.deepEqual(changes, [], `what is left in ${vm.name}`);
    await sleep(50);
  }
  await assertNoLeftovers(vm);
}

/** One line for each thing that is there now, or not any more. */
function changesSince(before: Traces, now: Traces): string[] {
  const kinds = Object.keys(before) as (keyof Traces)[];
  return kinds.flatMap((kind) => [
    ...without(now[kind], before[kind]).map((what) => `new in ${kind}: ${what}`),
    ...without(before[kind], now[kind]).map((what) => `gone from ${kind}: ${what}`),
  ]);
}

/** The items of one list that the other has not, or not as often. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return list.filter((item) => {
    const index = left.indexOf(item);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

/**
 * Mounts that belong to no container. Whoever makes the first namespace puts one on /run/netns, so that others see
 * what is mounted there; podman puts one on its directory of layers while it works, and forgets it at times.
 */
function isOfContainers(mount: string): boolean {
  return !['/run/netns', `${WORK}/podman/overlay`].includes(mount.split(' ')[1] ?? '');
}

/** portmap makes chains CNI-DN-… and CNI-SN-… for a container; its other chains stay. */
function isRuleOfContainer(line: string, pool: readonly string[]): boolean {
  return /CNI-[DS]N-/.test(line) || line.split(/[^0-9.]/).some((word) => pool.includes(word));
}

const SETTLE_LIMIT_MS = 60_000;
const STEADY_MS = 200;
