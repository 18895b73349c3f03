/** containerd, called through CRI as by the kubelet. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent } from './support/cgroups.ts';
import { clientVm, closeClients } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import { KubePod } from './support/kube-pod.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  HOST_PORT,
  POD_PORT,
  sceneQuestions,
  serveOnNode,
} from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('containerd through CRI, with the conflist of the page', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let otherVm: Vm;
  let containerd: Containerd;
  let clean: Traces;
  const pods: KubePod[] = [];

  before(async () => {
    lab = await Lab.create();
    vm = await clientVm(lab, { secondaries: 4 });
    otherVm = await lab.addVm({ secondaries: 1 });
    containerd = await Containerd.start(vm);
    await serveOnNode(vm);
    clean = await steadyTraces(vm);
  });
  after(() => closeClients(lab));

  test('it finds plugin and conflist where they are installed', async () => {
    const { status, info } = await containerd.cri.status();
    const ready = status.conditions.find(({ type }) => type === 'NetworkReady');
    assert.equal(ready?.status, true, ready?.message);
    assert.match(info.cniconfig ?? '', /azure-vnet/);
  });

  test('RunPodSandbox gives pods addresses of the pool', async () => {
    const ports = (['TCP', 'UDP'] as const).map((protocol) => ({
      protocol,
      containerPort: POD_PORT,
      hostPort: HOST_PORT,
    }));
    pods.push(await KubePod.run(containerd, 'web', { ports, cgroupParent: cgroupParent(lab) }));
    pods.push(await KubePod.run(containerd, 'next', { cgroupParent: cgroupParent(lab) }));
    assertFromPool(
      vm,
      pods.map(({ address }) => address),
    );
  });

  test('everything that should be is reached, over TCP and UDP', async () => {
    const [web, next] = pods;
    assert.ok(web && next);
    await assertAnswers(await sceneQuestions({ lab, vm, otherVm, pods: [web, next] }));
    await assertNothingDropped(lab);
  });

  test('StopPodSandbox, once more, and RemovePodSandbox leave nothing', async () => {
    for (const pod of pods) await pod.remove();
    await assertNoTraces(vm, clean);
  });
});
