/** A kubelet with the files that `azure-vnet cluster generate` has for a node of its release. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseKubeletFlags } from '../../../lab/cluster/kubelet.ts';
import { bringUp, doctorFindings } from '../../../lab/cluster/node.ts';
import { loadCluster } from '../../../lab/cluster/up.ts';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { assertNothingDropped } from '../../e2e/support/traffic.ts';
import { edited } from '../../support/definition.ts';
import { cgroupParent } from '../support/cgroups.ts';
import { installPlugins, prepare } from '../support/client-vm.ts';
import { Containerd } from '../support/containerd.ts';
import { closeKubelets, Kubelet, tracesAtRest } from '../support/kubelet.ts';
import { StaticPod } from '../support/static-pod.ts';
import { assertNoTraces } from '../support/traces.ts';
import { assertAnswers, assertFromPool, podAsker, toInternet } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? Kubelet.missing : 'needs root';

const MAX_PODS = 2;

describe('kubelet on a node of a generated cluster', { skip }, () => {
  let lab: Lab;
  let other: Vm;

  before(async () => {
    lab = await Lab.create();
    other = await lab.addVm();
  });
  after(() => closeKubelets(lab));

  /** The first agent of a cluster of a release, with the files that were generated for it. */
  const generated = (release: string) => {
    const path = join(lab.directory, 'cluster.json');
    const changes = {
      'properties.orchestratorProfile.orchestratorRelease': release,
      'properties.orchestratorProfile.kubernetesConfig.kubeletConfig': { '--max-pods': String(MAX_PODS) },
    };
    writeFileSync(path, edited(changes));
    const { nodes, files } = loadCluster(path, []);
    const planned = nodes.find(({ role }) => role === 'agent');
    assert.ok(planned);
    const textOf = (name: string): string => {
      const file = files.find((file) => file.path === `nodes/${planned.name}/${name}`);
      assert.ok(file, name);
      return file.text;
    };
    return { planned, textOf };
  };
  const wordOf = (flags: ReadonlyMap<string, string>, name: string) => `${name}=${flags.get(name)}`;

  test('starts with its flags as they are, and runs as many pods as are planned', async () => {
    const { planned, textOf } = generated(await Kubelet.release(other));
    const { vm, kubeletFlags } = await bringUp(lab, 'agent', planned, textOf('cloud-init.yaml'));
    await prepare(vm);
    installPlugins(vm);
    await Containerd.start(vm);
    const flags = [...kubeletFlags.keys()].map((name) => wordOf(kubeletFlags, name));
    const kubelet = await Kubelet.start(vm, { cgroupParent: cgroupParent(lab), flags });
    const clean = await tracesAtRest(vm);
    const pods = [await StaticPod.run(kubelet, 'web'), await StaticPod.run(kubelet, 'next')];
    assert.equal(vm.nic().secondaries.length, MAX_PODS);
    assertFromPool(
      vm,
      pods.map(({ address }) => address),
    );
    await assertAnswers(pods.flatMap((pod) => toInternet(podAsker(pod), vm.nic().primary)));
    assert.equal(await doctorFindings(vm), '');
    await assertNothingDropped(lab);
    for (const pod of pods) await pod.remove();
    await assertNoTraces(vm, clean);
  });

  test('refuses the flags of a release that told kubelet of plugins', async () => {
    const flags = parseKubeletFlags(generated('1.23').textOf('kubelet.env'));
    assert.equal(flags.get('--network-plugin'), 'cni');
    for (const name of [
      '--network-plugin',
      '--cni-bin-dir',
      '--cni-conf-dir',
      '--image-pull-progress-deadline',
    ]) {
      const { status, stderr } = await Kubelet.try(other, [wordOf(flags, name)]);
      assert.notEqual(status, 0);
      assert.match(stderr, new RegExp(`unknown flag: ${name}`));
    }
  });

  test('refuses the cloud provider of a release that had it built in', async () => {
    const flags = parseKubeletFlags(generated('1.28').textOf('kubelet.env'));
    assert.equal(flags.get('--cloud-provider'), 'azure');
    const words = ['--cloud-provider', '--cloud-config'].map((name) => wordOf(flags, name));
    const { status, stderr } = await Kubelet.try(other, words);
    assert.notEqual(status, 0);
    assert.match(stderr, /cloud provider/);
  });
});
