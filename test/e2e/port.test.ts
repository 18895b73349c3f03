/**
 * A pod's port when ADD has answered: the kernel opens it in a work item of its own, which a busy machine
 * runs late, and what the pod sends before is lost.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import type { JsonObject } from '../../src/cni/types.ts';
import { capture } from './support/capture.ts';
import { type AddResult, addressOf, Container, networkConfig } from './support/container.ts';
import { hostVeths, link } from './support/kernel.ts';
import { BIN, CNI_PATH } from './support/tool.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** Each change of namespace takes so long: the kernel has seen that the host end has no carrier yet. */
const SLOW_SETNS = 'inject=setns:delay_enter=20000';
const ROUNDS = 6;
/** ARP from an interface of a pod: its MAC address begins so. */
const POD_ARP = ['arp', 'and', 'ether[6:2] = 0x020d'];

describe('The port of a new pod', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
    // The first ADD builds the network, and its pod stays.
    await (await Container.create(vm, 'first')).add();
  });
  after(async () => lab.close());

  test('is open for the gratuitous ARP that announces the address', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await assertAnnounced(await Container.create(vm, `garp${round}`), (container) => container.add());
    }
  });

  test('is open for it also where the kernel closed it in between', async () => {
    await assertAnnounced(await Container.create(vm, 'slow'), addSlowly);
  });

  test('works when ADD has answered: CHECK at once agrees', async () => {
    for (let round = 0; round < 3 * ROUNDS; round++) {
      const container = await Container.create(vm, `check${round}`);
      const prevResult: JsonObject = JSON.parse(JSON.stringify(await container.add()));
      const checked = await container.call('CHECK', { config: networkConfig({ prevResult }) });
      assert.deepEqual(checked.stdout, '');
      await container.del();
      await container.removeNetns();
    }
  });

  /** The announcement is seen on the bridge, and the bridge has learned where the pod is. */
  async function assertAnnounced(container: Container, add: (container: Container) => Promise<AddResult>) {
    let address = '';
    const frames = await capture(vm, 'azure0', POD_ARP, { frames: 1, seconds: 60 }, async () => {
      address = addressOf(await add(container));
    });
    const { address: mac } = await link(container, 'eth0');
    assert.equal(frames.length, 1, `${address} is announced`);
    assert.match(
      frames[0] ?? '',
      // To itself alone: a broadcast would cost a copy for each pod of the node.
      new RegExp(`${mac} > ${mac}.*(Announcement|who-has) ${address}\\b`),
    );
    const learned = await vm.mustExec(['bridge', 'fdb', 'show', 'br', 'azure0', 'dynamic']);
    const ports = (await hostVeths(vm)).filter(({ ifname }) => learned.includes(`${mac} dev ${ifname} `));
    assert.equal(ports.length, 1, learned);
    await container.del();
    await container.removeNetns();
  }

  async function addSlowly({ id, netns }: Container): Promise<AddResult> {
    const env = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: id,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH,
    };
    const strace = ['/usr/bin/strace', '-f', '-qq', '-o', '/run/trace', '-e', SLOW_SETNS];
    const run = await vm.exec([...strace, `${BIN}/azure-vnet`], {
      env,
      stdin: JSON.stringify(networkConfig()),
    });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    return JSON.parse(run.stdout) as AddResult;
  }
});
