/**
 * The networking checks of Kubernetes' own end-to-end tests (test/e2e/common/network/networking.go and
 * test/e2e/network/hostport.go) on two nodes, each with its containerd: the kubelet's part is done by CRI calls.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent } from './support/cgroups.ts';
import { clientVm, closeClients } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import type { PortMapping } from './support/cri.ts';
import { KubePod } from './support/kube-pod.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  type Asker,
  assertAnswers,
  assertFromPool,
  both,
  NO_ANSWER,
  POD_PORT,
  placeAsker,
  podAsker,
  type Question,
  toInternet,
} from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

interface Node {
  readonly vm: Vm;
  readonly containerd: Containerd;
  readonly clean: Traces;
}

/** Who asks, and the address that pods should see. */
interface Source {
  readonly asker: Asker;
  readonly address: string;
}

/** The port of the conformance test. */
const HOST_PORT = 54_323;

describe('the networking checks of Kubernetes on two nodes', { skip }, () => {
  let lab: Lab;
  const nodes: Node[] = [];
  const pods: KubePod[] = [];
  const run = async ({ containerd }: Node, name: string, ports: readonly PortMapping[] = []) => {
    const pod = await KubePod.run(containerd, name, { ports, cgroupParent: cgroupParent(lab) });
    pods.push(pod);
    return pod;
  };
  const nodeSource = async ({ vm }: Node): Promise<Source> => ({
    asker: await placeAsker(vm),
    address: vm.nic().primary,
  });

  before(async () => {
    lab = await Lab.create();
    for (const _ of ['vm1', 'vm2']) {
      const vm = await clientVm(lab, { secondaries: 5 });
      nodes.push({ vm, containerd: await Containerd.start(vm), clean: await steadyTraces(vm) });
    }
  });
  after(() => closeClients(lab));

  test('pods and nodes reach every pod over HTTP and UDP, and pods see their address', async () => {
    for (const node of nodes) {
      const { name } = node.vm;
      const own = [await run(node, `${name}-a`), await run(node, `${name}-b`)];
      assertFromPool(
        node.vm,
        own.map(({ address }) => address),
      );
    }
    const sources = [
      ...pods.map((pod) => ({ asker: podAsker(pod), address: pod.address })),
      ...(await Promise.all(nodes.map(nodeSource))),
    ];
    const questions = sources.flatMap(({ asker, address: source }) =>
      pods.flatMap(({ name: to, address }) =>
        both({ from: asker, to, address, port: POD_PORT, answer: `${to} ${source}` }),
      ),
    );
    assert.equal(questions.length, 6 * 4 * 2);
    await assertAnswers(questions);
    await assertNothingDropped(lab);
  });

  test('pods reach the internet, which sees their node', async () => {
    await assertAnswers(
      nodes.flatMap(({ vm }) =>
        pods
          .filter(({ name }) => name.startsWith(vm.name))
          .flatMap((pod) => toInternet(podAsker(pod), vm.nic().primary)),
      ),
    );
    await assertNothingDropped(lab);
  });

  test('pods with the same host port but another host IP or protocol do not conflict', async () => {
    const [node, other] = nodes;
    assert.ok(node && other);
    const hostIp = node.vm.nic().primary;
    const port = { containerPort: POD_PORT, hostPort: HOST_PORT };
    await run(node, 'pod1', [{ ...port, protocol: 'TCP', hostIp: '127.0.0.1' }]);
    await run(node, 'pod2', [{ ...port, protocol: 'TCP', hostIp }]);
    await run(node, 'pod3', [{ ...port, protocol: 'UDP', hostIp }]);
    const onNode = await placeAsker(node.vm);
    const onOther = await placeAsker(other.vm);
    const farPod = pods.find(({ name }) => name.startsWith(other.vm.name));
    assert.ok(farPod);
    const ask = (from: Asker, protocol: 'tcp' | 'udp', address: string, name?: string): Question => ({
      from,
      to: `${address}:${HOST_PORT}`,
      protocol,
      address,
      port: HOST_PORT,
      // portmap masquerades what comes from the subnet or from 127.0.0.1: pods see their node.
      answer: name === undefined ? NO_ANSWER : `${name} ${hostIp}`,
    });
    await assertAnswers([
      ask(onNode, 'tcp', '127.0.0.1', 'pod1'),
      ask(onNode, 'udp', '127.0.0.1'),
      ...[onNode, onOther, podAsker(farPod)].flatMap((from) => [
        ask(from, 'tcp', hostIp, 'pod2'),
        ask(from, 'udp', hostIp, 'pod3'),
      ]),
    ]);
    await assertNothingDropped(lab);
  });

  test('the host port of a pod that is gone is free for the next one', async () => {
    const [node] = nodes;
    const pod = pods.find(({ name }) => name === 'pod2');
    assert.ok(node && pod);
    const hostIp = node.vm.nic().primary;
    await pod.remove();
    pods.splice(pods.indexOf(pod), 1);
    await run(node, 'pod4', [{ protocol: 'TCP', containerPort: POD_PORT, hostPort: HOST_PORT, hostIp }]);
    const onNode = await placeAsker(node.vm);
    assert.equal(await onNode.ask('tcp', hostIp, HOST_PORT), `pod4 ${hostIp}`);
  });

  test('nothing is left on either node', async () => {
    await Promise.all(pods.map((pod) => pod.remove()));
    for (const { vm, clean } of nodes) await assertNoTraces(vm, clean);
  });
});
