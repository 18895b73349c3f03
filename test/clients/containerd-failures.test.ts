/** containerd when something goes wrong: the plugins fail, namespaces vanish, containerd itself is killed. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { checkOrRenew } from '../e2e/support/renew.ts';
import { leases } from '../e2e/support/state.ts';
import { cgroupParent } from './support/cgroups.ts';
import { CONFLIST, clientVm, closeClients, writeConflist } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import { CriError } from './support/cri.ts';
import { KubePod, sandboxConfig } from './support/kube-pod.ts';
import { Obstacle } from './support/obstacle.ts';
import { assertNoTraces, steadyTraces, type Traces, traces } from './support/traces.ts';
import { assertFromPool, NO_ANSWER, POD_PORT, placeAsker } from './support/traffic.ts';
import { until } from './support/until.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('containerd when something fails', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let containerd: Containerd;
  let obstacle: Obstacle;
  let clean: Traces;
  const run = (name: string, attempt = 0) =>
    KubePod.run(containerd, name, { attempt, cgroupParent: cgroupParent(lab) });
  const runSandbox = (name: string) =>
    containerd.cri.runPodSandbox(sandboxConfig(name, { cgroupParent: cgroupParent(lab) }));
  const fails = async (name: string, message: RegExp): Promise<void> => {
    await assert.rejects(runSandbox(name), (error) => {
      assert.ok(error instanceof CriError);
      assert.match(error.message, message);
      return true;
    });
  };
  /** As the kubelet starts a pod again: a new sandbox, then the old ones go. */
  const runAgain = async (name: string): Promise<KubePod> => {
    const old = await containerd.cri.listPodSandboxes();
    const pod = await run(name, 1);
    for (const id of old) {
      await containerd.cri.stopPodSandbox(id);
      await containerd.cri.removePodSandbox(id);
    }
    return pod;
  };
  const assertServes = async (pod: KubePod): Promise<void> => {
    assertFromPool(vm, [pod.address]);
    const answer = await (await placeAsker(vm)).ask('tcp', pod.address, POD_PORT);
    assert.notEqual(answer, NO_ANSWER);
  };

  before(async () => {
    lab = await Lab.create();
    await start();
  });
  const start = async () => {
    vm = await clientVm(lab, { secondaries: 2 });
    obstacle = await Obstacle.install(vm);
    writeConflist(vm, obstacle.between(readFileSync(vm.path(CONFLIST), 'utf8')));
    containerd = await Containerd.start(vm);
    clean = await steadyTraces(vm);
  };
  const renew = async () => {
    containerd.disconnect();
    await start();
  };
  after(() => closeClients(lab));
  afterEach(async () => {
    await lab.setWireserver('ok');
    await checkOrRenew(() => assertNoTraces(vm, clean), renew);
  });

  test('killed while azure-vnet waits for the wireserver: the next attempt succeeds', async () => {
    await lab.setWireserver('hang');
    const killed = runSandbox('web');
    const lost = assert.rejects(killed, CriError);
    await until('the plugin asks', () => lab.wireserverRequests().length > 0);
    await containerd.kill();
    await lost;
    await lab.setWireserver('ok');
    await until('the plugin ends', async () => !(await programs(vm)).includes('azure-vnet'));
    await containerd.start();
    const pod = await runAgain('web');
    await assertServes(pod);
    await pod.remove();
  });

  test('killed when azure-vnet is done and the next plugin runs: nothing is left of the attempt', async () => {
    obstacle.hold();
    const lost = assert.rejects(runSandbox('web'), CriError);
    await obstacle.whenHeld();
    await containerd.kill();
    await lost;
    obstacle.release();
    await until('the plugin ends', async () => !(await programs(vm)).includes('obstacle'));
    assert.equal(leases(vm).length, 1, 'nobody has called DEL');
    await containerd.start();
    const pod = await runAgain('web');
    await assertServes(pod);
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [pod.address],
    );
    await pod.remove();
  });

  test('killed with a pod that runs: the pod keeps its network, and can be removed', async () => {
    const pod = await run('web');
    await containerd.kill();
    await assertServes(pod);
    await containerd.start();
    assert.equal((await pod.status()).status.network?.ip, pod.address);
    await pod.remove();
  });

  test('an ADD that fails in azure-vnet says why, and succeeds when the cause is gone', async () => {
    await lab.setWireserver('500');
    rmSync(vm.path('/run/azure-vnet/ipam/sources'), { recursive: true, force: true });
    await fails('web', /azure-vnet.*168\.63\.129\.16.*status 500/);
    await assertNoTraces(vm, clean);
    await lab.setWireserver('ok');
    const pod = await run('web', 1);
    await assertServes(pod);
    await pod.remove();
  });

  test('an ADD that fails in a later plugin is undone, and succeeds the next time', async () => {
    obstacle.failOnce();
    await fails('web', /the obstacle fails this once/);
    await assertNoTraces(vm, clean);
    const pod = await run('web', 1);
    await assertServes(pod);
    await pod.remove();
  });

  test('one pod more than the pool has addresses fails, until one is removed', async () => {
    const pods = [await run('one'), await run('two')];
    await fails('three', /azure-vnet.*No available addresses: 2 of 2 used/);
    assert.equal(leases(vm).length, 2);
    await pods.shift()?.remove();
    pods.push(await run('three', 1));
    for (const pod of pods) await assertServes(pod);
    for (const pod of pods) await pod.remove();
  });

  test('a pod whose network namespace is lost can be stopped and removed', async () => {
    const pod = await run('web');
    const [netns = ''] = await netnsOf(vm);
    await vm.mustExec(['umount', netns]);
    await vm.mustExec(['rm', netns]);
    await pod.remove();
  });
});

async function netnsOf(vm: Vm): Promise<readonly string[]> {
  return (await traces(vm)).netns;
}

/** Command lines of all that runs in the VM. */
function programs(vm: Vm): Promise<string> {
  return vm.mustExec(['ps', '-e', '-o', 'args=']);
}
