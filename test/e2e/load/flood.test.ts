/** A pod that is deleted while it is flooded: nothing reaches it after DEL has returned. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepBuilt } from '../../../bench/contestants.ts';
import { compileHelper, helperPath } from '../../../bench/helpers.ts';
import { PodHost } from '../../../bench/pod-host.ts';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { hostVeths } from '../support/kernel.ts';
import { assertMeasured } from '../support/measured.ts';
import { assertNoLeftovers } from '../support/state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const ROUNDS = 4;
/** At most: it is stopped when DEL has returned. */
const FLOOD_MS = 30_000;
const START_TIMEOUT_MS = 10_000;
/** The flood goes on until DEL; on a busy machine not without a pause. */
const MAX_QUIET_MS = 300;
const PORT = '9000';

describe('DEL of a pod that is flooded', { skip }, () => {
  let lab: Lab;
  let host: PodHost;
  before(async () => {
    keepBuilt();
    await Promise.all([compileHelper('timed-exec'), compileHelper('traffic')]);
    lab = await Lab.create();
    host = await PodHost.start(lab, { pods: 1, spare: 1 });
  });
  after(async () => {
    host?.close();
    await lab.close();
  });

  for (let round = 1; round <= ROUNDS; round++) {
    test(`delivers no frame for the address after it has returned (${round} of ${ROUNDS})`, () =>
      // Again where the flood itself came to a stop.
      assertMeasured(() => floodedDel(host.spare[0] ?? '')));
  }

  /** Why nothing was measured, if so. */
  async function floodedDel(name: string): Promise<string[]> {
    await host.attach(name);
    const address = host.pods.at(-1)?.address ?? '';
    const traffic = helperPath('traffic');
    const inPod = ['nsenter', `--net=/run/netns/${name}`, '--'];
    const counted = host.vm.mustExec([...inPod, traffic, 'sink', 'udp', PORT]);
    const source = await lab.fabric.start([traffic, 'source', 'udp', address, PORT, String(FLOOD_MS)]);
    await isFlooded(host.vm);
    const { endedNs, wallNs } = await host.detach(name);
    const [packets = 0, , , lastNs = 0] = (await counted).split(' ').map(Number);
    await lab.fabric.stop(source);
    const afterMs = (lastNs - endedNs) / 1e6;
    assert.ok(afterMs <= 0, `a packet arrived ${afterMs.toFixed(3)} ms after DEL had returned`);
    await assertNoLeftovers(host.vm, [host.pods[0]?.address ?? '']);
    const quietMs = (endedNs - wallNs - lastNs) / 1e6;
    return [
      ...(packets > 500 ? [] : [`only ${packets} packets before DEL`]),
      ...(quietMs < MAX_QUIET_MS ? [] : [`the flood had ended ${quietMs.toFixed(0)} ms before DEL began`]),
    ];
  }
});

/** Waits until the newest pod gets packets, by the counter of its host end, for some seconds. */
async function isFlooded(vm: Vm): Promise<void> {
  const newest = (await hostVeths(vm)).sort((a, b) => b.ifindex - a.ifindex)[0];
  const path = vm.path(`/sys/class/net/${newest?.ifname}/statistics/tx_packets`);
  const count = () => (existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (count() < 1000) {
    if (performance.now() > deadline) return;
    await sleep(2);
  }
}
