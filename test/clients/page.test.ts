/** The deployment page for Kubernetes, step by step as it stands there, on two nodes; and back again. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { ROOT } from '../../scripts/build/paths.ts';
import { hostTarget } from '../../scripts/build/target.ts';
import { ipv4 } from '../e2e/support/kernel.ts';
import { assertAnswered, assertNothingDropped } from '../e2e/support/traffic.ts';
import { CNI, makeReleases, OURS } from '../install/support/releases.ts';
import { cgroupParent } from './support/cgroups.ts';
import { bareVm, CONFLIST, closeClients, PLUGINS, WORK } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import { KubePod } from './support/kube-pod.ts';
import { assertAnswers, assertFromPool, both, POD_PORT, podAsker, toInternet } from './support/traffic.ts';
import { until } from './support/until.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const SCRIPT = join(ROOT, 'scripts/install-cni-plugin.sh');
const RELEASES = `${WORK}/releases`;
/** As the page has it, word by word. */
const SNAT =
  'iptables -t nat -A POSTROUTING -m iprange ! --dst-range 168.63.129.16 -m addrtype ! --dst-type local ' +
  '! -d 10.0.0.0/8 -j MASQUERADE';

describe('the deployment page on two nodes', { skip }, () => {
  let lab: Lab;
  const nodes: { readonly vm: Vm; readonly containerd: Containerd }[] = [];
  const pods: KubePod[] = [];
  const isNetworkReady = async ({ cri }: Containerd): Promise<boolean> => {
    const { conditions } = (await cri.status()).status;
    return conditions.find(({ type }) => type === 'NetworkReady')?.status ?? false;
  };

  before(async () => {
    lab = await Lab.create();
    for (const _ of ['vm1', 'vm2']) {
      const vm = await bareVm(lab, { secondaries: 2, masquerade: false, conflist: null });
      mkdirSync(vm.path(RELEASES));
      for (const [path, content] of makeReleases([hostTarget()])) {
        if (path.startsWith(`/${OURS}/`) || path.startsWith(`/${CNI}/`)) {
          writeFileSync(vm.path(join(RELEASES, basename(path))), content);
        }
      }
      nodes.push({ vm, containerd: await Containerd.start(vm) });
    }
  });
  after(() => closeClients(lab));

  test('without the plugin containerd has no network', async () => {
    for (const { containerd } of nodes) assert.equal(await isNetworkReady(containerd), false);
  });

  test('the install script makes the runtime ready without a restart', async () => {
    for (const { vm, containerd } of nodes) {
      await vm.mustExec(['sh', SCRIPT, '--from', RELEASES, OURS, CNI]);
      assert.equal(
        readFileSync(vm.path(CONFLIST), 'utf8'),
        readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8'),
      );
      await until('containerd has found the network', () => isNetworkReady(containerd));
    }
  });

  test('pods get addresses of the pool and reach each other', async () => {
    for (const { vm, containerd } of nodes) {
      const pod = await KubePod.run(containerd, `${vm.name}-pod`, { cgroupParent: cgroupParent(lab) });
      assertFromPool(vm, [pod.address]);
      pods.push(pod);
    }
    const [one, two] = pods;
    assert.ok(one && two);
    const reach = (from: KubePod, { name, address }: KubePod) =>
      both({ from: podAsker(from), to: name, address, port: POD_PORT, answer: `${name} ${from.address}` });
    await assertAnswers([...reach(one, two), ...reach(two, one)]);
    await assertNothingDropped(lab);
  });

  test('with the rule of the page they reach the internet', async () => {
    for (const { vm } of nodes) await vm.mustExec(SNAT.split(' '));
    await assertAnswers(
      nodes.flatMap(({ vm }, index) => {
        const pod = pods[index];
        return pod === undefined ? [] : toInternet(podAsker(pod), vm.nic().primary);
      }),
    );
    await assertNothingDropped(lab);
  });

  test('the doctor finds nothing wrong with such a node', async () => {
    for (const { vm } of nodes) {
      const { status, stdout } = await vm.exec([`${PLUGINS}/azure-vnet`, 'doctor', '--max-pods', '2']);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /nothing is wrong/);
    }
  });

  test('everything can be removed again, and the node has its network', async () => {
    for (const pod of pods) await pod.remove();
    for (const { vm, containerd } of nodes) {
      const { primary } = vm.nic();
      await vm.mustExec([`${PLUGINS}/azure-vnet`, 'uninstall']);
      await vm.mustExec(['sh', SCRIPT, '--uninstall']);
      assert.deepEqual(await ipv4(vm, 'eth0'), [`${primary}/16`]);
      await until('containerd has no network', async () => !(await isNetworkReady(containerd)));
    }
    const [one, two] = nodes;
    assert.ok(one && two);
    await assertAnswered(one.vm, two.vm.nic().primary);
  });
});
