/** Frames seen on an interface of a VM while something is done, as lines of tcpdump. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../../lab/lab.ts';

/** Up to `limits.frames` frames that pass `filter`, seen from before `work` begins until there are as many, or `limits.seconds`. */
export async function capture(
  vm: Vm,
  link: string,
  filter: readonly string[],
  limits: { readonly frames: number; readonly seconds: number },
  work: () => Promise<unknown>,
): Promise<string[]> {
  rmSync(vm.path(FILE), { force: true });
  // Not a second after a frame, when libpcap would have handed over what it has gathered.
  const tcpdump = [
    'tcpdump',
    '--immediate-mode',
    '-U',
    '-w',
    FILE,
    '-i',
    link,
    '-c',
    String(limits.frames),
    ...filter,
  ];
  const captured = vm.exec(['timeout', '-s', 'INT', String(limits.seconds), ...tcpdump]);
  await isListening(vm);
  await work();
  await captured;
  const lines = (await vm.mustExec(['tcpdump', '-nne', '-r', FILE])).split('\n');
  return lines.filter((line) => line !== '');
}

/** tcpdump opens its file when the filter is in place. */
async function isListening(vm: Vm): Promise<void> {
  const path = vm.path(FILE);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!existsSync(path) || statSync(path).size === 0) {
    assert.ok(performance.now() < deadline, 'tcpdump listens');
    await sleep(5);
  }
}

const FILE = '/run/capture.pcap';
const START_TIMEOUT_MS = 30_000;
