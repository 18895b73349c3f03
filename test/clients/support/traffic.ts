/** Who reaches whom: questions over TCP and UDP from pods, nodes and the internet, and what the asked one saw. */
import assert from 'node:assert/strict';
import type { Lab, Vm } from '../../../lab/lab.ts';
import { INTERNET_ADDRESS } from '../../../lab/model.ts';
import type { Place } from '../../../lab/place.ts';
import { INTERNET_HTTP_PORT, INTERNET_UDP_PORT } from '../../../lab/resident/internet.ts';
import { WHO, whoProgram } from './image.ts';
import { until } from './until.ts';

/** The port on which pods answer, over TCP and UDP. */
export const POD_PORT = 8080;
/** The port of the node that leads to the first pod. */
export const HOST_PORT = 18_080;

export const PROTOCOLS = ['tcp', 'udp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A container that a client runs, with the program of the test image in it. */
export interface ClientPod {
  readonly name: string;
  readonly address: string;
  exec(argv: readonly string[]): Promise<{ readonly status: number; readonly stdout: string }>;
}

export interface Asker {
  readonly name: string;
  /** The answer, or NO_ANSWER after some seconds. */
  ask(protocol: Protocol, address: string, port: number): Promise<string>;
}

export interface Question {
  readonly from: Asker;
  /** What the target is, for people. */
  readonly to: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** "<name> <address that was seen>", or the address alone from the internet. */
  readonly answer: string;
}

export const NO_ANSWER = 'no answer';

export function podAsker(pod: ClientPod): Asker {
  const ask: Asker['ask'] = async (protocol, address, port) =>
    answerOf(await pod.exec([WHO, 'ask', protocol, address, String(port)]));
  return { name: pod.name, ask };
}

export async function placeAsker(place: Place): Promise<Asker> {
  const program = await whoProgram();
  const ask: Asker['ask'] = async (protocol, address, port) =>
    answerOf(await place.exec([program, 'ask', protocol, address, String(port)]));
  return { name: place.name, ask };
}

/** Waits until the server in a container listens: runtimes only tell that it was started. */
export async function whenServing<Pod extends ClientPod>(pod: Pod): Promise<Pod> {
  const own = podAsker(pod);
  await until(`${pod.name} serves`, async () => (await own.ask('tcp', '127.0.0.1', POD_PORT)) !== NO_ANSWER);
  return pod;
}

/** Starts a server on the node itself. */
export async function serveOnNode(vm: Vm): Promise<void> {
  await vm.start([await whoProgram(), 'serve', vm.name, String(POD_PORT)]);
  await whenServing({
    name: vm.name,
    address: vm.nic().primary,
    exec: async ([, ...words]) => vm.exec([await whoProgram(), ...words]),
  });
}

/** Asks everything at once and compares all answers with what they should be. */
export async function assertAnswers(questions: readonly Question[]): Promise<void> {
  const key = ({ from, to, protocol }: Question) => `${from.name} → ${to}, ${protocol}`;
  const rows = await Promise.all(
    questions.map(async (question) => {
      const { from, protocol, address, port, answer } = question;
      return [key(question), await from.ask(protocol, address, port), answer] as const;
    }),
  );
  assert.equal(new Set(rows.map(([name]) => name)).size, rows.length, 'questions have different names');
  const seen = Object.fromEntries(rows.map(([name, got]) => [name, got]));
  assert.deepEqual(seen, Object.fromEntries(rows.map(([name, , wanted]) => [name, wanted])));
}

/** The same over both protocols. */
export function both(question: Omit<Question, 'protocol'>): Question[] {
  return PROTOCOLS.map((protocol) => ({ ...question, protocol }));
}

export interface Scene {
  readonly lab: Lab;
  /** The node of the pods; it serves POD_PORT itself. */
  readonly vm: Vm;
  readonly otherVm: Vm;
  /** The first has HOST_PORT of the node. */
  readonly pods: readonly [ClientPod, ClientPod];
}

/** Everything that has to be reached around two pods of one node, the host port of the first included. */
export async function sceneQuestions(scene: Scene): Promise<Question[]> {
  return [...(await podQuestions(scene)), ...(await hostPortQuestions(scene))];
}

/** Pods and nodes among each other, and the internet. */
export async function podQuestions({ vm, otherVm, pods }: Scene): Promise<Question[]> {
  const [web, next] = pods;
  const node = vm.nic().primary;
  const outside = otherVm.nic().primary;
  const [onNode, onOther] = [await placeAsker(vm), await placeAsker(otherVm)];
  const toPod = (from: Asker, pod: ClientPod, source: string) =>
    both({ from, to: pod.name, address: pod.address, port: POD_PORT, answer: `${pod.name} ${source}` });
  const toNode = (pod: ClientPod) =>
    both({
      from: podAsker(pod),
      to: vm.name,
      address: node,
      port: POD_PORT,
      answer: `${vm.name} ${pod.address}`,
    });
  return [
    ...toPod(podAsker(web), next, web.address),
    ...toPod(podAsker(next), web, next.address),
    ...pods.flatMap((pod) => [
      ...toPod(onNode, pod, node),
      ...toPod(onOther, pod, outside),
      ...toNode(pod),
      ...toInternet(podAsker(pod), node),
    ]),
  ];
}

/** From outside, from the node itself, from the pod itself (hairpin) and from its neighbour. */
export async function hostPortQuestions({ lab, vm, otherVm, pods }: Scene): Promise<Question[]> {
  const [web, next] = pods;
  const node = vm.nic().primary;
  const [onNode, onOther] = [await placeAsker(vm), await placeAsker(otherVm)];
  const internet = await placeAsker(lab.internet);
  const toHostPort = (from: Asker, address: string, source: string) =>
    both({ from, to: `${address}:${HOST_PORT}`, address, port: HOST_PORT, answer: `${web.name} ${source}` });
  return [
    // portmap's `snat` masquerades whatever comes from the subnet of the pod's address, which is that of the VNet.
    ...toHostPort(onOther, node, node),
    ...toHostPort(internet, node, INTERNET_ADDRESS),
    ...toHostPort(onNode, node, node),
    ...toHostPort(onNode, '127.0.0.1', node),
    ...toHostPort(podAsker(web), node, node),
    ...toHostPort(podAsker(next), node, node),
  ];
}

/** Through SNAT: the internet sees the node. */
export function toInternet(from: Asker, answer: string): Question[] {
  const ports = { tcp: INTERNET_HTTP_PORT, udp: INTERNET_UDP_PORT };
  return PROTOCOLS.map((protocol) => ({
    from,
    to: 'internet',
    protocol,
    address: INTERNET_ADDRESS,
    port: ports[protocol],
    answer,
  }));
}

/** The addresses come from the pool, and are different. */
export function assertFromPool(vm: Vm, addresses: readonly string[]): void {
  const { secondaries } = vm.nic();
  for (const address of addresses) assert.ok(secondaries.includes(address), `${address} is of the pool`);
  assert.equal(new Set(addresses).size, addresses.length);
}

function answerOf({ status, stdout }: { readonly status: number; readonly stdout: string }): string {
  return status === 0 ? stdout.trim() : NO_ANSWER;
}
