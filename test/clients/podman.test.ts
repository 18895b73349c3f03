/** podman on CNI: run, pods, Kubernetes YAML. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { gatewayText } from '../../lab/addresses.ts';
import { Lab, type Vm } from '../../lab/lab.ts';
import { checkOrRenew } from '../e2e/support/renew.ts';
import { leases } from '../e2e/support/state.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent, PODMAN_PARENT, removeCgroups } from './support/cgroups.ts';
import { clientVm, closeClients, WORK } from './support/client-vm.ts';
import { IMAGE, WHO } from './support/image.ts';
import { Podman } from './support/podman.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  type ClientPod,
  HOST_PORT,
  POD_PORT,
  podAsker,
  sceneQuestions,
  serveOnNode,
  toInternet,
} from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? Podman.unusable : 'needs root';

const PUBLISH = ['tcp', 'udp'].flatMap((protocol) => ['--publish', `${HOST_PORT}:${POD_PORT}/${protocol}`]);

describe('podman, with the conflist of the page', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let otherVm: Vm;
  let podman: Podman;
  let clean: Traces;
  const assertReach = async (web: ClientPod, next: ClientPod): Promise<void> => {
    assertFromPool(vm, [web.address, next.address]);
    await assertAnswers(await sceneQuestions({ lab, vm, otherVm, pods: [web, next] }));
    await assertNothingDropped(lab);
  };

  before(async () => {
    lab = await Lab.create();
    otherVm = await lab.addVm({ secondaries: 1 });
    await start();
  });
  const start = async () => {
    vm = await clientVm(lab, { secondaries: 4 });
    podman = await Podman.configure(vm, cgroupParent(lab));
    await serveOnNode(vm);
    clean = await steadyTraces(vm);
  };
  after(async () => {
    await closeClients(lab);
    await removeCgroups(PODMAN_PARENT);
  });
  afterEach(() => checkOrRenew(() => assertNoTraces(vm, clean), start));

  test('network ls has the network', async () => {
    assert.equal(
      await podman.run('network', 'ls', '--format', '{{.Name}} {{.Driver}}'),
      'azure azure-vnet\n',
    );
  });

  test('run --publish', async () => {
    const web = await podman.serve('web', ...PUBLISH);
    const next = await podman.serve('next');
    await assertReach(web, next);
    await podman.run('rm', '--force', '--time', '0', 'web', 'next');
  });

  test('inspect shows address, gateway and MAC', async () => {
    const { address } = await podman.serve('web');
    const { SandboxKey, ...settings } = await podman.network('web');
    const { IPAddress, IPPrefixLen, Gateway, MacAddress } = settings;
    const shown = { IPAddress, IPPrefixLen, Gateway, MacAddress };
    const [link] = JSON.parse(
      await vm.mustExec(['nsenter', `--net=${SandboxKey}`, 'ip', '-j', 'link', 'show', 'eth0']),
    ) as { address: string }[];
    assert.deepEqual(shown, {
      IPAddress: address,
      IPPrefixLen: 16,
      Gateway: gatewayText(vm.nic().subnet),
      MacAddress: link?.address,
    });
    await podman.run('rm', '--force', '--time', '0', 'web');
  });

  test('pod create --publish, and a container in the pod', async () => {
    await podman.createPod('group', ...PUBLISH);
    const web = await podman.serveIn('group', 'web');
    const next = await podman.serve('next');
    await assertReach(web, next);
    await podman.run('rm', '--force', '--time', '0', 'next');
    await podman.run('pod', 'rm', '--force', '--time', '0', 'group');
  });

  test('play kube with pods of Kubernetes', async () => {
    writeFileSync(vm.path(YAML), POD_YAML);
    await podman.run('play', 'kube', '--network', 'azure', YAML);
    const ofPod = (name: string) => podman.pod(`${name}-who`, { name, pod: name });
    await assertReach(await ofPod('web'), await ofPod('next'));
    await podman.run('play', 'kube', '--down', YAML);
  });

  test('run --ip takes this address, or says why it cannot be had', async () => {
    const [, , wanted = ''] = vm.nic().secondaries;
    assert.equal((await podman.serve('web', '--ip', wanted)).address, wanted);
    await assert.rejects(
      podman.serve('next', '--ip', wanted),
      /Requested address \S+ is not available: it is in use by container/,
    );
    await assert.rejects(
      podman.serve('last', '--ip', '10.240.0.200'),
      /Requested address 10.240.0.200 is not available: it is no secondary ipconfig of eth0/,
    );
    await podman.run('rm', '--force', '--time', '0', 'web', 'next', 'last');
  });

  test('network disconnect and connect: detached, and attached again while it runs', async () => {
    await podman.serve('web');
    await podman.run('network', 'disconnect', 'azure', 'web');
    assert.deepEqual(leases(vm), []);
    await podman.run('network', 'connect', 'azure', 'web');
    const web = await podman.pod('web');
    assertFromPool(vm, [web.address]);
    await assertAnswers(toInternet(podAsker(web), vm.nic().primary));
    await podman.run('rm', '--force', '--time', '0', 'web');
  });

  test('stop and start: the container is attached again', async () => {
    await podman.serve('web', ...PUBLISH);
    await podman.run('stop', '--time', '0', 'web');
    await assertNoTraces(vm, clean);
    await podman.run('start', 'web');
    const web = await podman.pod('web');
    assertFromPool(vm, [web.address]);
    await assertAnswers(toInternet(podAsker(web), vm.nic().primary));
    await podman.run('rm', '--force', '--time', '0', 'web');
  });

  test('a container that ends by itself leaves nothing', async () => {
    await podman.serve('web', '--rm', ...PUBLISH);
    await podman.run('kill', 'web');
  });
});

const YAML = `${WORK}/pods.yaml`;
const POD_YAML = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: who
    image: ${IMAGE}
    imagePullPolicy: Never
    command: [${WHO}, serve, web, "${POD_PORT}"]
    ports:
    - {containerPort: ${POD_PORT}, hostPort: ${HOST_PORT}, protocol: TCP}
    - {containerPort: ${POD_PORT}, hostPort: ${HOST_PORT}, protocol: UDP}
---
apiVersion: v1
kind: Pod
metadata:
  name: next
spec:
  containers:
  - name: who
    image: ${IMAGE}
    imagePullPolicy: Never
    command: [${WHO}, serve, next, "${POD_PORT}"]
`;
