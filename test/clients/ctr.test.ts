/** `ctr run --cni`: containerd's own tool calls the plugins itself, and DEL without a network namespace. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { checkOrRenew } from '../e2e/support/renew.ts';
import { leases, logLines } from '../e2e/support/state.ts';
import { assertNothingDropped } from '../e2e/support/traffic.ts';
import { cgroupParent } from './support/cgroups.ts';
import { clientVm, closeClients, PLUGINS } from './support/client-vm.ts';
import { Containerd } from './support/containerd.ts';
import { IMAGE, WHO } from './support/image.ts';
import { assertNoTraces, steadyTraces, type Traces } from './support/traces.ts';
import {
  assertAnswers,
  assertFromPool,
  type ClientPod,
  NO_ANSWER,
  POD_PORT,
  placeAsker,
  podQuestions,
  serveOnNode,
} from './support/traffic.ts';
import { until } from './support/until.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('ctr run --cni, with the conflist of the page', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let otherVm: Vm;
  let clean: Traces;

  before(async () => {
    lab = await Lab.create();
    otherVm = await lab.addVm({ secondaries: 1 });
    await start();
  });
  const start = async () => {
    vm = await clientVm(lab, { secondaries: 4 });
    await Containerd.start(vm);
    await serveOnNode(vm);
    clean = await steadyTraces(vm);
  };
  after(() => closeClients(lab));
  afterEach(() => checkOrRenew(() => assertNoTraces(vm, clean), start));

  /** argv of a container that serves; its control group is named because ctr would take one of the machine. */
  const runArgv = (name: string, flag: '--rm' | '--detach'): string[] => {
    const group = `${cgroupParent(lab)}/${name}`;
    const server = [WHO, 'serve', name, String(POD_PORT)];
    return ['ctr', 'run', flag, '--cni', '--cgroup', group, IMAGE, name, ...server];
  };

  /** The container when it answers; ctr tells nobody its address. */
  const whenServing = async (name: string): Promise<ClientPod> => {
    const addressOf = () => leases(vm).find(({ owner }) => owner === `default-${name}@eth0`)?.address;
    await until(`${name} has an address`, () => addressOf() !== undefined);
    const address = addressOf() ?? '';
    const node = await placeAsker(vm);
    await until(`${name} answers`, async () => (await node.ask('tcp', address, POD_PORT)) !== NO_ANSWER);
    let execs = 0;
    const exec = (argv: readonly string[]) =>
      vm.exec(['ctr', 'task', 'exec', '--exec-id', `exec-${++execs}`, name, ...argv]);
    return { name, address, exec };
  };
  const kill = async (name: string): Promise<void> => {
    await vm.mustExec(['ctr', 'task', 'kill', '--signal', 'SIGKILL', name]);
  };

  test('containers are reached and reach others; at their end ctr calls DEL without a namespace', async () => {
    for (const name of ['web', 'next']) await vm.start(runArgv(name, '--rm'));
    const pods = [await whenServing('web'), await whenServing('next')] as const;
    assertFromPool(vm, [pods[0].address, pods[1].address]);
    await assertAnswers(await podQuestions({ lab, vm, otherVm, pods }));
    await assertNothingDropped(lab);
    for (const name of ['web', 'next']) await kill(name);
    await assertNoTraces(vm, clean);
    const dels = logLines(vm).filter(({ command }) => command === 'DEL');
    // ctr 2 calls it twice.
    const called = new Set(
      dels.map(({ container, netns = 'none', result }) => `${container} ${netns} ${result}`),
    );
    assert.deepEqual([...called].sort(), ['default-next none ok', 'default-web none ok']);
  });

  test('after run --detach azure-vnet gc removes what ctr leaves', async () => {
    await vm.mustExec(runArgv('web', '--detach'));
    await whenServing('web');
    await kill('web');
    // A task cannot be deleted before containerd knows that it has ended.
    await until('the task ends', async () => (await vm.exec(['ctr', 'task', 'delete', 'web'])).status === 0);
    await vm.mustExec(['ctr', 'container', 'delete', 'web']);
    // ctr 1.6 never calls DEL for such a container; ctr 2 does with the task.
    const isLeft = leases(vm).length > 0;
    const removed = await vm.mustExec([`${PLUGINS}/azure-vnet`, 'gc', '--runtime', 'containerd']);
    assert.equal(/default-web/.test(removed), isLeft, removed);
    // What libcni itself has noted is not the plugin's.
    await vm.mustExec(['rm', '-f', '/var/lib/cni/results/azure-default-web-eth0']);
  });
});
