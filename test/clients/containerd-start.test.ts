/** Nodes at their start: many pods at once on a fresh one, and one that comes back after a power cut. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { leases } from '../e2e/support/state.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent } from './support/cgroups.ts';
import { clientVm, closeClients } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import { KubePod } from './support/kube-pod.ts';
import { assertNoTraces, steadyTraces } from './support/traces.ts';
import { assertAnswers, assertFromPool, both, POD_PORT, placeAsker, podAsker } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('containerd on a node that has just started', { skip }, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => closeClients(lab));

  const run = (containerd: Containerd, name: string, attempt = 0) =>
    KubePod.run(containerd, name, { attempt, cgroupParent: cgroupParent(lab) });

  test('the first pods come all at once', async () => {
    const vm = await clientVm(lab, { secondaries: 8 });
    const containerd = await Containerd.start(vm);
    const clean = await steadyTraces(vm);
    const names = Array.from({ length: 8 }, (_, index) => `pod${index}`);
    const pods = await Promise.all(names.map((name) => run(containerd, name)));
    assertFromPool(
      vm,
      pods.map(({ address }) => address),
    );
    const [asker, ...others] = pods;
    assert.ok(asker);
    const from = podAsker(asker);
    await assertAnswers(
      others.flatMap(({ name: to, address }) =>
        both({ from, to, address, port: POD_PORT, answer: `${to} ${asker.address}` }),
      ),
    );
    await assertNothingDropped(lab);
    await Promise.all(pods.map((pod) => pod.remove()));
    await assertNoTraces(vm, clean);
  });

  test('after a power cut, removing the pods of before takes no address from those of now', async () => {
    const root = join(lab.directory, 'containerd');
    const first = await clientVm(lab, { name: 'node', secondaries: 2 });
    const nic = first.nic();
    const before = await Containerd.start(first, root);
    const old = [await run(before, 'web'), await run(before, 'next')];
    before.disconnect();
    await lab.removeVm('node');

    const { primary, secondaries, mac } = nic;
    const vm = await clientVm(lab, { name: 'node', primary, secondaries, mac });
    const containerd = await Containerd.start(vm, root);
    const clean = await steadyTraces(vm);
    const known = await containerd.cri.listPodSandboxes();
    assert.deepEqual([...known].sort(), old.map(({ sandboxId }) => sandboxId).sort());
    // The kubelet starts each pod again before it removes the old sandbox.
    const pods = [await run(containerd, 'web', 1), await run(containerd, 'next', 1)];
    assert.deepEqual(pods.map(({ address }) => address).sort(), [...secondaries].sort());
    for (const id of known) {
      await containerd.cri.stopPodSandbox(id);
      await containerd.cri.removePodSandbox(id);
    }
    assert.deepEqual(
      leases(vm)
        .map(({ address }) => address)
        .sort(),
      [...secondaries].sort(),
    );
    const node = await placeAsker(vm);
    await assertAnswers(
      pods.flatMap(({ name: to, address }) =>
        both({ from: node, to, address, port: POD_PORT, answer: `${to} ${primary}` }),
      ),
    );
    for (const pod of pods) await pod.remove();
    await assertNoTraces(vm, clean);
  });
});
