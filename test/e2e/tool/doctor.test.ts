/** azure-vnet doctor: every fault alone, on a real node. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import { tool, type } from '../support/tool.ts';
import { codesOf, everything, examine, GATEWAY, vethOf } from '../support/tool-node.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';
import { FaultyNode } from './faults/fault.ts';
import { SETUP_FAULTS } from './faults/setup.ts';
import { STATE_FAULTS } from './faults/state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet doctor', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  let vm: Vm;
  let node: FaultyNode;
  before(async () => {
    vm = await lab.addVm({ secondaries: 8 });
    node = new FaultyNode(lab, vm);
    await vm.mustExec(['mkdir', '-p', '/etc/cloud/cloud.cfg.d', '/etc/netplan']);
    for (const name of ['healthy0', 'healthy1']) await vm.addPod(name);
  });

  const findsNothing = async (): Promise<void> => {
    const before = await everything(vm);
    const { status, findings } = await examine(vm);
    assert.deepEqual([status, findings], [0, []]);
    assert.deepEqual(await everything(vm), before);
    const text = await tool(vm, 'doctor');
    assert.equal(text.status, 0);
    assert.match(text.stdout, /\n\n11 checks, nothing is wrong\.\n$/);
  };

  test('finds nothing wrong with a healthy VM, and changes nothing', findsNothing);

  test('finds nothing wrong with a VM before its first pod, and changes nothing', async () => {
    const withPods = vm;
    vm = await lab.addVm();
    await findsNothing();
    vm = withPods;
  });

  for (const [what, fault] of Object.entries({ ...SETUP_FAULTS, ...STATE_FAULTS })) {
    test(`finds ${what}, and what mends it mends it`, async () => {
      const flags = fault.flags ?? [];
      await fault.inject(node);
      const { status, findings } = await examine(vm, ...flags);
      const expected = [fault.code, ...(fault.cutsOff === true ? ['SOURCE_UNAVAILABLE'] : [])];
      assert.deepEqual(codesOf(findings), expected, JSON.stringify(findings, null, 1));
      const [{ found = '', severity = '', mend = '' } = {}] = findings;
      assert.match(found, fault.found);
      assert.equal(severity, fault.severity ?? 'error');
      assert.equal(status, fault.severity === 'note' ? 0 : 1);
      if (fault.undo === undefined) await type(vm, mend);
      else await fault.undo(node);
      const after = await examine(vm, ...(what.includes('asked for') ? [] : flags));
      assert.deepEqual([after.status, after.findings], [0, []]);
      await assertAnswered(vm, GATEWAY);
      await assertAnswered(vm.pod('healthy0'), GATEWAY);
    });
  }

  test('finds a pod without its link, which only a new pod mends', async () => {
    const pod = await vm.addPod('cut');
    const veth = await vethOf(vm, pod.record.containerId);
    await vm.mustExec(['ip', 'link', 'delete', veth]);
    const { findings } = await examine(vm);
    assert.deepEqual(codesOf(findings), ['LINK_MISSING']);
    assert.equal(findings[0]?.mend, 'kubectl delete pod cut --namespace default');
    await pod.remove();
    assert.deepEqual((await examine(vm)).findings, []);
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
