/** azure-vnet status on nodes in every state. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { hostVeths } from '../support/kernel.ts';
import { settled } from '../support/state.ts';
import { tool, toolJson } from '../support/tool.ts';
import { addPod, codesOf, everything, STATE, type Status } from '../support/tool-node.ts';
import { assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet status', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  test('shows networks, pools and who has which address, as a table and as a document', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const nothing = await tool(vm, 'status');
    assert.equal(nothing.status, 0, nothing.stdout);
    assert.match(nothing.stdout, /^No network yet.*\n\nNo pool yet.*\n\nNo problems\.\n$/);
    const [a, b, c] = [await addPod(vm, 'a'), await addPod(vm, 'b'), await addPod(vm, 'c')];
    await c.remove();
    await settled(vm);

    const { status, document } = await toolJson<Status>(vm, 'status');
    assert.equal(status, 0);
    const { primary, mac } = vm.nic();
    assert.deepEqual(document.networks, [
      {
        name: 'azure',
        bridge: 'azure0',
        bridgeState: 'up',
        nic: 'eth0',
        mac,
        mtu: 1500,
        subnet: '10.240.0.0/16',
        nodeAddresses: [`${primary}/16`],
        rulesComplete: true,
        pods: 2,
      },
    ]);
    const [pool] = document.pools;
    assert.deepEqual(
      [pool?.size, pool?.used, pool?.resting, pool?.free, pool?.onHost],
      [4, 2, 1, 1, 0],
      'one address rests',
    );
    const names = (await hostVeths(vm)).map(({ ifname }) => ifname);
    assert.deepEqual(
      document.addresses.map(({ address, podName, podNamespace, containerId, ifname, recordedBy }) => [
        address,
        `${podNamespace}/${podName}`,
        containerId,
        ifname,
        recordedBy,
      ]),
      [a, b].map((pod) => [pod.address, `default/${pod.name}`, pod.record.containerId, 'eth0', 'both']),
    );
    assert.deepEqual(document.addresses.map(({ hostVeth }) => hostVeth).sort(), names.sort());
    assert.deepEqual([document.pending, document.problems], [[], []]);

    const text = await tool(vm, 'status');
    assert.equal(text.status, 0);
    const rows = text.stdout.split('\n').map((row) => row.split(/ {2,}/));
    assert.deepEqual(rows[1], [
      'azure',
      'azure0',
      'eth0',
      mac,
      '1500',
      '10.240.0.0/16',
      `${primary}/16`,
      'ok',
      '2',
    ]);
    assert.deepEqual(rows[4]?.slice(0, 7), ['10.240.0.0/16', 'eth0', '4', '2', '1', '1', '0']);
    assert.deepEqual(rows[7]?.slice(0, 4), [
      a.address,
      `default/${a.name}`,
      a.record.containerId.slice(0, 12),
      'eth0',
    ]);
    assert.equal(text.stdout.includes('\x1b'), false, 'no colour in a pipe');
  });

  test('shows what is wrong, with exit status 1, and changes nothing', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    await addPod(vm, 'a');
    await vm.mustExec(['nft', 'delete', 'table', 'bridge', 'azure-vnet']);
    writeFileSync(vm.path(`${STATE}/endpoints/damaged`), '{"phase":"rea');
    const before = await everything(vm);
    const { status, document } = await toolJson<Status>(vm, 'status');
    assert.equal(status, 1);
    assert.deepEqual(codesOf(document.problems), ['RULES_INCOMPLETE', 'RECORD_DAMAGED']);
    assert.deepEqual(await everything(vm), before);
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
