/**
 * The conflist of the page at each version of the specification, with the runtimes of the distribution and its portmap.
 * 1.1.0 is refused by those of Debian 12; what it takes is said in docs/clients.md.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { ROOT } from '../../scripts/build/paths.ts';
import { checkOrRenew } from '../e2e/support/renew.ts';
import { cgroupParent } from './support/cgroups.ts';
import { CONFLIST, clientVm, closeClients, PLUGINS, writeConflist } from './support/client-vm.ts';
import { pageConflist } from './support/conflist.ts';
import { Containerd } from './support/containerd.ts';
import { KubePod } from './support/kube-pod.ts';
import { Podman } from './support/podman.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import { HOST_PORT, POD_PORT, PROTOCOLS, placeAsker } from './support/traffic.ts';
import { until } from './support/until.ts';

const skip = process.getuid?.() === 0 ? Podman.unusable : 'needs root';

describe('the conflist of the page at other versions of the specification', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let containerd: Containerd;
  let podman: Podman;
  let clean: Traces;
  const assertHostPort = async (): Promise<void> => {
    const node = await placeAsker(vm);
    const address = vm.nic().primary;
    for (const protocol of PROTOCOLS) {
      assert.equal(await node.ask(protocol, address, HOST_PORT), `web ${address}`, protocol);
    }
  };
  const runInContainerd = async (): Promise<KubePod> => {
    const ports = (['TCP', 'UDP'] as const).map((protocol) => ({
      protocol,
      containerPort: POD_PORT,
      hostPort: HOST_PORT,
    }));
    return await KubePod.run(containerd, 'web', { ports, cgroupParent: cgroupParent(lab) });
  };
  /** containerd watches its directory. */
  const load = async (version: string): Promise<void> => {
    writeConflist(vm, pageConflist(version));
    await until(`containerd has loaded ${version}`, async () => {
      const { info } = await containerd.cri.status();
      return info.cniconfig?.includes(`"Name":"azure","CNIVersion":"${version}"`) === true;
    });
  };

  before(async () => {
    lab = await Lab.create();
    await start();
  });
  const start = async () => {
    vm = await clientVm(lab, { secondaries: 3 });
    containerd = await Containerd.start(vm);
    podman = await Podman.configure(vm, cgroupParent(lab));
    clean = await steadyTraces(vm);
  };
  const renew = async () => {
    containerd.disconnect();
    await start();
  };
  after(() => closeClients(lab));
  afterEach(() => checkOrRenew(() => assertNoTraces(vm, clean), renew));

  test('it is the page itself at 0.3.0', () => {
    const shipped = readFileSync(join(ROOT, 'conf/10-azure.conflist'), 'utf8');
    assert.equal(pageConflist('0.3.0'), shipped);
    assert.equal(readFileSync(vm.path(CONFLIST), 'utf8'), shipped);
  });

  for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0']) {
    test(`${version}: containerd and podman run a container with a host port`, async () => {
      await load(version);
      const pod = await runInContainerd();
      await assertHostPort();
      await pod.remove();
      const publish = PROTOCOLS.flatMap((it) => ['--publish', `${HOST_PORT}:${POD_PORT}/${it}`]);
      await podman.serve('web', ...publish);
      await assertHostPort();
      await podman.run('rm', '--force', '--time', '0', 'web');
    });
  }

  test('1.1.0: containerd runs the pod, or refuses it and removes everything at 1.0.0', async () => {
    await load('1.1.0');
    const ran = await runInContainerd().catch((error: unknown) => String(error));
    if (typeof ran !== 'string') {
      await assertHostPort();
      await ran.remove();
      return;
    }
    // containerd 1.6 does not know the result; newer ones come to portmap, which may not know the configuration.
    assert.match(
      ran,
      /unsupported CNI result version "1.1.0"|plugin type="portmap" failed \(add\): incompatible/,
    );
    const [sandbox] = await containerd.cri.listPodSandboxes();
    const stuck = /plugin type="portmap" failed \(delete\): incompatible CNI versions/;
    if (sandbox !== undefined) await assert.rejects(containerd.cri.stopPodSandbox(sandbox), stuck);
    await load('1.0.0');
    if (sandbox !== undefined) {
      await containerd.cri.stopPodSandbox(sandbox);
      await containerd.cri.removePodSandbox(sandbox);
    } else {
      // containerd 2 forgets a sandbox that failed, also when DEL has failed.
      await vm.mustExec([`${PLUGINS}/azure-vnet`, 'gc', '--runtime', 'containerd']);
      await vm.mustExec(['find', '/var/lib/cni/results', '-name', 'azure-*', '-delete']);
    }
  });

  test('1.1.0: podman has the network, or leaves it out because of portmap and says so', async () => {
    await load('1.1.0');
    const { stdout, stderr } = await vm.exec(['podman', 'network', 'ls', '--format', '{{.Driver}}']);
    const refused = /10-azure\.conflist: \[plugin portmap does not support config version \\"1\.1\.0\\"/;
    assert.equal(stdout.includes('azure-vnet'), !refused.test(stderr), `${stdout}${stderr}`);
  });
});
