/** A node that comes back after a power cut: what its kubelet and containerd remember of before, and who may have it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { assertNoLeftovers, leases } from '../../e2e/support/state.ts';
import { assertNothingDropped } from '../../e2e/support/traffic.ts';
import { cgroupParent, KUBELET_PARENT, removeCgroups } from '../support/cgroups.ts';
import { clientVm } from '../support/client-vm.ts';
import { Containerd } from '../support/containerd.ts';
import { closeKubelets, Kubelet } from '../support/kubelet.ts';
import { StaticPod } from '../support/static-pod.ts';
import { assertAnswers, both, POD_PORT, placeAsker } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const skip = process.getuid?.() === 0 ? Kubelet.missing : 'needs root';

describe('kubelet on a node that had a power cut', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(() => closeKubelets(lab));

  test('it starts all pods again, though they need the whole pool, and forgets those of before', async () => {
    const roots = { containerd: join(lab.directory, 'containerd'), kubelet: join(lab.directory, 'node') };
    const kubeletOptions = { cgroupParent: cgroupParent(lab), root: roots.kubelet };
    const names = ['web', 'next'];
    const first = await clientVm(lab, { name: 'node', secondaries: names.length });
    const { primary, secondaries, mac } = first.nic();
    const before = await Containerd.start(first, roots.containerd);
    const old = await Kubelet.start(first, kubeletOptions);
    for (const name of names) await StaticPod.run(old, name);
    before.disconnect();
    await lab.removeVm('node');
    // A reboot leaves none, but those of a VM of the lab are the machine's; the kubelet would look into each for seconds.
    await removeCgroups(KUBELET_PARENT);

    const vm = await clientVm(lab, { name: 'node', primary, secondaries, mac });
    await Containerd.start(vm, roots.containerd);
    const kubelet = await Kubelet.start(vm, kubeletOptions);
    const pods = await Promise.all(names.map((name) => StaticPod.whenReady(kubelet, name)));
    assert.deepEqual(pods.map(({ address }) => address).sort(), [...secondaries].sort());
    assert.equal(leases(vm).length, names.length);
    assert.doesNotMatch(kubelet.log, /No available addresses/);
    const from = await placeAsker(vm);
    await assertAnswers(
      pods.flatMap(({ name: to, address }) =>
        both({ from, to, address, port: POD_PORT, answer: `${to} ${primary}` }),
      ),
    );
    await assertNothingDropped(lab);
    for (const pod of pods) await pod.remove();
    await until('every address is free', () => leases(vm).length === 0);
    await assertNoLeftovers(vm);
  });
});
