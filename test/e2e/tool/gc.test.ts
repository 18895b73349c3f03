/** azure-vnet gc: what containers have left, by what each runtime knows. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { elements, hostVeths } from '../support/kernel.ts';
import { files, leases, snapshot } from '../support/state.ts';
import { tool, toolJson } from '../support/tool.ts';
import {
  addPod,
  age,
  everything,
  fakeRuntimes,
  GATEWAY,
  STATE,
  type Status,
  vanish,
} from '../support/tool-node.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet gc', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  test('removes what pods with vanished namespaces have left, and nothing of others', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const [gone, stays] = [await addPod(vm, 'gone'), await addPod(vm, 'stays')];
    await vanish(vm, gone);
    const before = await everything(vm);
    const dry = await tool(vm, 'gc', '--runtime', 'netns', '--dry-run');
    assert.equal(dry.status, 0);
    const what = `${gone.address} of pod default/${gone.name}, container ${gone.record.containerId.slice(0, 12)} eth0 in network azure: its sandbox ${gone.record.netns} is gone\n`;
    assert.equal(dry.stdout, `would remove ${what}`);
    assert.deepEqual(await everything(vm), before);

    const { status, stdout } = await tool(vm, 'gc', '--runtime', 'netns');
    assert.deepEqual([status, stdout], [0, `removed ${what}`]);
    assert.deepEqual(
      leases(vm).map(({ address }) => address),
      [stays.address],
    );
    assert.deepEqual((await elements(vm))?.podMacs, [stays.address]);
    assert.equal(files(vm, 'endpoints').length, 1);
    await assertAnswered(stays, GATEWAY);
    assert.deepEqual((await tool(vm, 'gc', '--runtime', 'netns')).stdout, 'Nothing to remove.\n');
    assert.equal((await toolJson<Status>(vm, 'status')).status, 0);
  });

  test('asks docker and containerd, and waits for containers that they do not list yet', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const [a, b] = [await addPod(vm, 'a'), await addPod(vm, 'b')];
    await fakeRuntimes(vm, [a.record.containerId]);
    for (const runtime of ['docker', 'containerd']) {
      const { status, stdout } = await tool(vm, 'gc', '--runtime', runtime);
      assert.deepEqual(
        [status, stdout],
        [0, 'Nothing to remove.\n'],
        'both are young, and their sandboxes there',
      );
    }
    age(vm, b.record.containerId);
    const dry = await tool(vm, 'gc', '--runtime', 'containerd', '--dry-run');
    assert.match(
      dry.stdout,
      /^would remove .* pod default\/b-vm\d+, .*: containerd has no such container\n$/,
    );
    const { status, document } = await toolJson<{ removed: JsonObject[] }>(vm, 'gc', '--runtime', 'docker');
    assert.equal(status, 0);
    assert.deepEqual(
      document.removed.map(({ kind, containerId, addresses: list }) => [kind, containerId, list]),
      [['endpoint', b.record.containerId, [b.address]]],
    );
    assert.equal((await hostVeths(vm)).length, 1);
    await assertAnswered(a, GATEWAY);
  });

  test('knows by its name whose a link without a record is', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const [a, b] = [await addPod(vm, 'a'), await addPod(vm, 'b')];
    rmSync(vm.path(`${STATE}/endpoints`), { recursive: true });
    rmSync(vm.path(`${STATE}/ipam/leases`), { recursive: true });
    await fakeRuntimes(vm, [a.record.containerId]);
    assert.equal((await tool(vm, 'gc', '--runtime', 'netns')).stdout, 'Nothing to remove.\n');
    const { status, stdout } = await tool(vm, 'gc', '--runtime', 'docker');
    assert.equal(status, 0);
    assert.match(
      stdout,
      new RegExp(`^removed link azv[0-9a-f]{11} with the address ${b.address}: docker has no`),
    );
    assert.equal((await hostVeths(vm)).length, 1);
    await assertAnswered(a, GATEWAY);
  });

  test('removes nothing when the runtime does not answer', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const pod = await addPod(vm, 'a');
    age(vm, pod.record.containerId);
    await fakeRuntimes(vm, 'down');
    const before = await snapshot(vm);
    for (const runtime of ['docker', 'containerd']) {
      const { status, stdout, stderr } = await tool(vm, 'gc', '--runtime', runtime);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /what runs is not known, so nothing is removed: .*Cannot connect/);
    }
    assert.deepEqual(await snapshot(vm), before);
  });

  test('stays within the network that it is given', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const pod = await addPod(vm, 'a');
    await vanish(vm, pod);
    const none = await tool(vm, 'gc', '--runtime', 'netns', '--network', 'other');
    assert.equal(none.status, 1);
    assert.match(none.stderr, /there is no network "other"; there is azure$/m);
    assert.match((await tool(vm, 'gc', '--runtime', 'netns', '--network', 'azure')).stdout, /^removed /);
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
