/**
 * What an ordinary call loads: nothing but the heap that it starts with. An image that is loaded when its first function
 * is called costs a third of an ADD and half a megabyte, and nothing else would tell that a function of an ordinary call
 * has moved into one (scripts/build/late.ts).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Lab, type Vm } from '../../lab/lab.ts';
import { type CallChanges, Container, networkConfig } from './support/container.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** Tells what is loaded, with AZURE_VNET_KILL_AT=0: native/kill.c. */
const TEST_BUILD = fileURLToPath(new URL('../../dist/test', import.meta.url));
/** The cached answer of the address source is fresh throughout the tests. */
const IPAM = { type: 'azure-vnet-ipam', queryInterval: 3600 };
const CONFIG = networkConfig({ ipam: IPAM });
/** What kubelet sends, and the version of the conflist that is shipped. */
const AS_KUBELET = {
  config: { ...CONFIG, cniVersion: '0.3.0' },
  env: {
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod;K8S_POD_INFRA_CONTAINER_ID=id',
  },
};
/** A detached child has removed the link. */
const LIMIT_MS = 10_000;
const PAUSE_MS = 5;

describe('Late images', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let [first, second]: Container[] = [];

  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 6, cniPath: [TEST_BUILD, '/usr/lib/cni'] });
    first = await Container.create(vm, 'first', { config: CONFIG });
    second = await Container.create(vm, 'second', { config: CONFIG });
  });
  after(() => lab.close());
  beforeEach(() => settled(vm));

  const of = (container: Container | undefined) => container ?? assert.fail('the containers are there');

  test('are told when they are loaded: the first ADD builds the network, the first DEL a directory', async () => {
    assert.deepEqual(await loadedBy(of(first), 'ADD'), ['rare', 'source']);
    await of(second).add();
    assert.deepEqual(await loadedBy(of(second), 'DEL'), ['rare']);
  });

  test('no ADD loads one when the network stands and the answer of the source is fresh, nor DEL', async () => {
    for (const changes of [{}, AS_KUBELET]) {
      assert.deepEqual(await loadedBy(of(second), 'ADD', changes), []);
      assert.deepEqual(await loadedBy(of(second), 'DEL', changes), []);
      await settled(vm);
    }
  });

  test('DEL loads none with the result of ADD in its configuration, nor ADD of an address used before', async () => {
    const added = await of(second).add();
    const config = { ...CONFIG, prevResult: JSON.parse(JSON.stringify(added)) };
    assert.deepEqual(await loadedBy(of(second), 'DEL', { config }), []);
    await settled(vm);
    for (let i = 0; i < vm.nic().secondaries.length; i++) {
      assert.deepEqual(await loadedBy(of(second), 'ADD'), []);
      await of(second).del();
      await settled(vm);
    }
  });

  test('VERSION loads none', async () => {
    assert.deepEqual(await loadedBy(of(second), 'VERSION'), []);
  });

  test('DEL of the last container loads none', async () => {
    assert.deepEqual(await loadedBy(of(first), 'DEL'), []);
  });
});

/** The images that a call has loaded, sorted. */
async function loadedBy(container: Container, command: string, changes: CallChanges = {}): Promise<string[]> {
  const env = { ...changes.env, AZURE_VNET_KILL_AT: '0' };
  const { status, stdout, stderr } = await container.call(command, { ...changes, env });
  assert.equal(status, 0, stdout);
  const told = /^((?:loaded \w+\n)*)\d+ calls\n$/.exec(stderr)?.[1] ?? assert.fail(stderr);
  return [...told.matchAll(/\w+(?=\n)/g)].map(([name]) => name).sort();
}

/** Nothing of an earlier DEL is left to the next call. */
async function settled(vm: Vm): Promise<void> {
  const pending = vm.path('/run/azure-vnet/pending');
  const deadline = performance.now() + LIMIT_MS;
  while (existsSync(pending) && readdirSync(pending).length > 0) {
    assert.ok(performance.now() < deadline, `pending deletions are complete within ${LIMIT_MS} ms`);
    await sleep(PAUSE_MS);
  }
}
