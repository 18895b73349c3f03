/** A kubelet that has an API server: what it says there of its node and of pods, as `kubectl` would show it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { leases, logLines } from '../../e2e/support/state.ts';
import { ApiServer, KUBECONFIG } from '../support/api/client.ts';
import { cgroupParent } from '../support/cgroups.ts';
import { CONFLIST, clientVm, writeConflist } from '../support/client-vm.ts';
import { pageConflist } from '../support/conflist.ts';
import { Containerd } from '../support/containerd.ts';
import { closeKubelets, isReady, Kubelet, type PodReport, tracesAtRest } from '../support/kubelet.ts';
import { manifest } from '../support/static-pod.ts';
import { assertNoTraces, type Traces } from '../support/traces.ts';
import { assertFromPool } from '../support/traffic.ts';
import { until } from '../support/until.ts';

const skip = process.getuid?.() === 0 ? Kubelet.missing : 'needs root';

const POOL = 2;
const MAX_PODS = 3;

describe('kubelet with an API server', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let containerd: Containerd;
  let api: ApiServer;
  let clean: Traces;
  const addresses = new Map<string, string>();

  const condition = async () =>
    (await api.node(vm.name))?.status.conditions.find(({ type }) => type === 'Ready');
  const whenNodeReady = async (status: 'True' | 'False') => {
    await until(
      `the node's condition Ready is ${status}`,
      async () => (await condition())?.status === status,
    );
    return await condition();
  };
  const create = (name: string) => api.createPod(vm.name, manifest(name, {}));
  /** Its address, once it is ready. */
  const whenReady = async (name: string): Promise<string> => {
    let address = '';
    await until(`${name} is ready`, async () => {
      const pod = await api.pod<PodReport>(name);
      address = pod?.status.podIP ?? '';
      return pod !== undefined && isReady(pod);
    });
    return address;
  };

  before(async () => {
    lab = await Lab.create();
    vm = await clientVm(lab, { secondaries: POOL, conflist: null });
    containerd = await Containerd.start(vm);
    api = await ApiServer.start(vm);
    const flags = ['--kubeconfig', KUBECONFIG];
    await Kubelet.start(vm, { cgroupParent: cgroupParent(lab), maxPods: MAX_PODS, flags });
    clean = await tracesAtRest(vm);
  });
  after(() => closeKubelets(lab));

  test('the node is not ready without a conflist, says so, and is ready with it', async () => {
    const before = await whenNodeReady('False');
    assert.equal(before?.reason, 'KubeletNotReady');
    assert.match(before?.message ?? '', /NetworkPluginNotReady.*cni plugin not initialized/);
    writeConflist(vm, pageConflist('0.3.0'));
    await whenNodeReady('True');
  });

  test('a pod has an address of the pool, and the node keeps its own', async () => {
    await create('web');
    addresses.set('web', await whenReady('web'));
    assertFromPool(vm, [...addresses.values()]);
    const node = await api.node(vm.name);
    const internal = node?.status.addresses.find(({ type }) => type === 'InternalIP');
    assert.equal(internal?.address, vm.nic().primary);
    assert.equal(node?.status.allocatable.pods, String(MAX_PODS));
  });

  test('a pod without an address waits with an event that says what to do; the node stays ready', async () => {
    await create('next');
    await whenReady('next');
    await create('late');
    const failure = async () =>
      (await api.events('late')).find(({ reason }) => reason === 'FailedCreatePodSandBox');
    await until('the kubelet tells of the failure', async () => (await failure()) !== undefined);
    assert.match(
      (await failure())?.message ?? '',
      /plugin type="azure-vnet" failed \(add\): No available addresses: 2 of 2 used in 10\.240\.0\.0\/16; add ipconfigs to the NIC or remove pods$/,
    );
    assert.equal((await api.pod<PodReport>('late'))?.status.phase, 'Pending');
    assert.equal((await condition())?.status, 'True');
  });

  test('one pod more than maxPods fails with OutOfpods, and nobody has asked the plugin', async () => {
    const calls = () =>
      logLines(vm).filter(({ command, result }) => command === 'ADD' && result === 'ok').length;
    const before = calls();
    await create('much');
    await until('it fails', async () => (await api.pod<PodReport>('much'))?.status.phase === 'Failed');
    assert.equal((await api.pod<PodReport>('much'))?.status.reason, 'OutOfpods');
    assert.equal(calls(), before);
    await api.deletePod('much');
  });

  test('the pod that waits runs once another is removed', async () => {
    await api.deletePod('next');
    assertFromPool(vm, [await whenReady('late'), await whenReady('web')]);
    assert.equal(leases(vm).length, POOL);
  });

  test('a sandbox that dies is replaced, though every other address of the pool is in use', async () => {
    const { cri } = containerd;
    const owner = leases(vm).find(({ address }) => address === addresses.get('web'))?.owner ?? '';
    const sandbox = owner.split('@')[0] ?? '';
    const { pid } = JSON.parse((await cri.podSandboxStatus(sandbox)).info.info ?? '{}') as {
      readonly pid?: number;
    };
    assert.ok(pid, 'the sandbox has a process');
    await vm.mustExec(['kill', '-KILL', String(pid)]);
    await until('its lease has another owner', () => !leases(vm).some((lease) => lease.owner === owner));
    await until('there is a new one', () => leases(vm).length === POOL);
    assertFromPool(vm, [await whenReady('web'), await whenReady('late')]);
    const failures = (await api.events('web')).filter(({ reason }) => reason === 'FailedCreatePodSandBox');
    assert.deepEqual(failures, []);
  });

  test('the node is not ready when the conflist goes away; pods go on and can be removed', async () => {
    rmSync(vm.path(CONFLIST));
    const now = await whenNodeReady('False');
    assert.match(now?.message ?? '', /NetworkPluginNotReady/);
    writeConflist(vm, pageConflist('0.3.0'));
    await whenNodeReady('True');
    for (const name of ['web', 'late']) await api.deletePod(name);
    await assertNoTraces(vm, clean);
  });
});
