/** A real kubelet on two nodes, each over its containerd. `make test-kubelet` builds one and runs this. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { leases, logLines } from '../../e2e/support/state.ts';
import { assertNothingDropped } from '../../e2e/support/traffic.ts';
import { cgroupParent } from '../support/cgroups.ts';
import { CONFLIST, clientVm, PLUGINS, writeConflist } from '../support/client-vm.ts';
import { pageConflist } from '../support/conflist.ts';
import { Containerd } from '../support/containerd.ts';
import { closeKubelets, Kubelet, tracesAtRest } from '../support/kubelet.ts';
import { manifest, StaticPod } from '../support/static-pod.ts';
import { assertNoTraces, type Traces } from '../support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  both,
  HOST_PORT,
  NO_ANSWER,
  POD_PORT,
  placeAsker,
  podAsker,
  sceneQuestions,
  serveOnNode,
} from '../support/traffic.ts';
import { until } from '../support/until.ts';

const skip = process.getuid?.() === 0 ? Kubelet.missing : 'needs root';

interface Node {
  readonly vm: Vm;
  readonly containerd: Containerd;
  readonly kubelet: Kubelet;
  readonly clean: Traces;
}

const POOL = 3;
/** More than the pool has addresses, so that it is the plugin that says no. */
const MAX_PODS = POOL + 1;

describe('kubelet on two nodes', { skip }, () => {
  let lab: Lab;
  const nodes: Node[] = [];
  const pods: StaticPod[] = [];
  const first = (): Node => {
    const [node] = nodes;
    assert.ok(node);
    return node;
  };
  const web = (): StaticPod => {
    const [pod] = pods;
    assert.ok(pod);
    return pod;
  };

  before(async () => {
    lab = await Lab.create();
    for (const _ of ['vm1', 'vm2']) {
      const vm = await clientVm(lab, { secondaries: POOL, conflist: null });
      const containerd = await Containerd.start(vm);
      await serveOnNode(vm);
      const kubelet = await Kubelet.start(vm, { cgroupParent: cgroupParent(lab), maxPods: MAX_PODS });
      nodes.push({ vm, containerd, kubelet, clean: await tracesAtRest(vm) });
    }
  });
  after(() => closeKubelets(lab));

  test('without a conflist the network is not ready; with one the pod that waits for it runs', async () => {
    const { vm, kubelet } = first();
    const ports = (['TCP', 'UDP'] as const).map((protocol) => ({
      protocol,
      containerPort: POD_PORT,
      hostPort: HOST_PORT,
    }));
    kubelet.give('web', manifest('web', { ports }));
    await kubelet.whenLogged(
      /Error syncing pod.*NetworkPluginNotReady.*cni plugin not initialized.*default\/web-/,
    );
    assert.deepEqual(leases(vm), []);
    for (const node of nodes) writeConflist(node.vm, pageConflist('0.3.0'));
    pods.push(await StaticPod.whenReady(kubelet, 'web'));
  });

  test('pods get addresses of the pool, and the probes of the kubelet reach them', async () => {
    const [node, other] = nodes;
    assert.ok(node && other);
    pods.push(await StaticPod.run(node.kubelet, 'next'), await StaticPod.run(other.kubelet, 'far'));
    const [own, next, far] = pods;
    assert.ok(own && next && far);
    assertFromPool(node.vm, [own.address, next.address]);
    assertFromPool(other.vm, [far.address]);
    for (const { kubelet, name } of [
      { kubelet: node.kubelet, name: 'web' },
      { kubelet: other.kubelet, name: 'far' },
    ]) {
      for (const type of ['Readiness', 'Liveness'] as const) {
        await until(`${type} of ${name}`, async () => (await kubelet.probes(name, type, 'successful')) > 2);
      }
      assert.equal(await kubelet.probes(name, 'Liveness', 'failed'), 0);
    }
  });

  test('pods, nodes and the internet reach each other, and the host port', async () => {
    const [node, other] = nodes;
    const [own, next, far] = pods;
    assert.ok(node && other && own && next && far);
    const question = (from: StaticPod, to: StaticPod) =>
      both({
        from: podAsker(from),
        to: to.name,
        address: to.address,
        port: POD_PORT,
        answer: `${to.name} ${from.address}`,
      });
    await assertAnswers([
      ...(await sceneQuestions({ lab, vm: node.vm, otherVm: other.vm, pods: [own, next] })),
      ...[own, next].flatMap((pod) => [...question(pod, far), ...question(far, pod)]),
    ]);
    await assertNothingDropped(lab);
  });

  test('pods stay when the kubelet is killed, and when it is stopped, and it goes on with them', async () => {
    const { vm, kubelet } = first();
    const container = await web().container();
    const calls = logLines(vm).length;
    for (const end of ['kill', 'stop'] as const) {
      await kubelet[end]();
      const onNode = await placeAsker(vm);
      assert.notEqual(await onNode.ask('tcp', web().address, POD_PORT), NO_ANSWER);
      await kubelet.start();
      const again = await StaticPod.whenReady(kubelet, 'web');
      assert.equal(again.address, web().address);
      assert.deepEqual(await again.container(), container);
    }
    assert.equal(logLines(vm).length, calls, 'nobody has called the plugin');
  });

  test('pods stay when containerd is killed under the kubelet, and the next one runs', async () => {
    const { vm, kubelet, containerd } = first();
    const container = await web().container();
    await containerd.kill();
    const from = kubelet.log.length;
    await kubelet.whenLogged(/container runtime is down|connection refused/i, from);
    await containerd.start();
    const last = await StaticPod.run(kubelet, 'last');
    assertFromPool(vm, [web().address, last.address]);
    assert.equal((await StaticPod.whenReady(kubelet, 'web')).address, web().address);
    assert.deepEqual(await web().container(), container);
    await last.remove();
  });

  test('azure-vnet doctor knows what this kubelet allows', async () => {
    const { stdout } = await first().vm.exec([`${PLUGINS}/azure-vnet`, 'doctor']);
    assert.match(stdout, /the pool has 3 addresses, \/run\/clients\/kubelet\.json allows 4 pods/);
  });

  test('a pod for which there is no address says what to do, and runs once that is done', async () => {
    const { vm, kubelet } = first();
    pods.push(await StaticPod.run(kubelet, 'last'));
    kubelet.give('late', manifest('late', {}));
    const event =
      /Event occurred.*default\/late-.*FailedCreatePodSandBox.*azure-vnet.*No available addresses: .*/;
    assert.match(
      await kubelet.whenLogged(event),
      /No available addresses: 3 of 3 used in 10\.240\.0\.0\/16; add ipconfigs to the NIC or remove pods/,
    );
    assert.equal(leases(vm).length, POOL);
    await lab.addIpconfigs(vm.name, 1);
    const late = await StaticPod.whenReady(kubelet, 'late');
    assertFromPool(
      vm,
      [...pods, late].filter(({ name }) => name !== 'far').map(({ address }) => address),
    );
    assert.equal(leases(vm).length, POOL + 1);
    pods.push(late);
  });

  test('one pod more than --max-pods is refused by the kubelet, which asks no plugin', async () => {
    const { vm, kubelet } = first();
    const calls = logLines(vm).length;
    kubelet.give('much', manifest('much', {}));
    await until('it is refused', async () => (await kubelet.pod('much'))?.status.phase === 'Failed');
    const status = (await kubelet.pod('much'))?.status;
    assert.match(`${status?.reason}: ${status?.message}`, /pods/i);
    assert.equal(logLines(vm).length, calls);
    kubelet.take('much');
    await until('it is gone', async () => (await kubelet.pod('much')) === undefined);
  });

  test('a container that fails its probe is started again in the same network', async () => {
    const { vm, kubelet } = first();
    const [, , , last] = pods;
    assert.ok(last);
    await last.remove();
    pods.splice(pods.indexOf(last), 1);
    kubelet.give('sick', manifest('sick', { livenessPort: POD_PORT + 1 }));
    const sick = await StaticPod.whenReady(kubelet, 'sick');
    const calls = logLines(vm).length;
    await until('it is started again', async () => (await sick.container()).restarts > 0);
    assert.equal((await StaticPod.whenReady(kubelet, 'sick')).address, sick.address);
    assert.equal(logLines(vm).length, calls);
    pods.push(sick);
  });

  test('without its conflist a node keeps its pods; one that is removed meanwhile goes when it is back', async () => {
    const { vm, kubelet } = first();
    const sick = pods.pop();
    assert.equal(sick?.name, 'sick');
    const before = leases(vm).length;
    const from = kubelet.log.length;
    rmSync(vm.path(CONFLIST));
    await kubelet.whenLogged(/NetworkPluginNotReady/, from);
    kubelet.take('sick');
    await kubelet.whenLogged(/KillPodSandboxError.*cni plugin not initialized/, from);
    assert.equal(leases(vm).length, before);
    const onNode = await placeAsker(vm);
    assert.notEqual(await onNode.ask('tcp', web().address, POD_PORT), NO_ANSWER);
    writeConflist(vm, pageConflist('0.3.0'));
    await until('it is gone', () => leases(vm).length === before - 1);
  });

  test('nothing is left on either node when the manifests are gone', async () => {
    const far = pods.find(({ name }) => name === 'far');
    assert.ok(far);
    await Promise.all(pods.map((pod) => pod.remove()));
    for (const { vm, clean } of nodes) await assertNoTraces(vm, clean);
  });
});
