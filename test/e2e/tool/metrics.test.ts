/** azure-vnet metrics. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { parsePrometheus } from '../support/prometheus.ts';
import { logLines, settled } from '../support/state.ts';
import { tool } from '../support/tool.ts';
import { addPod } from '../support/tool-node.ts';
import { assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet metrics', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  test('are valid, and say what happened', async () => {
    const vm = await lab.addVm({ secondaries: 3 });
    parsePrometheus((await tool(vm, 'metrics')).stdout);
    const pods = [await addPod(vm, 'a'), await addPod(vm, 'b'), await addPod(vm, 'c')];
    await assert.rejects(addPod(vm, 'd'), /No available addresses/);
    await pods[0]?.remove();
    await settled(vm);
    const { status, stdout, stderr } = await tool(vm, 'metrics');
    assert.deepEqual([status, stderr], [0, '']);
    const metrics = parsePrometheus(stdout);
    const value = (name: string, labels = '') => metrics.get(name)?.samples.get(`${name}${labels}`);
    assert.equal(value('azure_vnet_operations_total', '{command="ADD",result="ok"}'), 3);
    assert.equal(value('azure_vnet_operations_total', '{command="ADD",result="error"}'), 1);
    assert.equal(value('azure_vnet_errors_total', '{command="ADD",code="11"}'), 1);
    const log = logLines(vm).filter(({ command }) => command === 'ADD');
    const durations = metrics.get('azure_vnet_operation_duration_seconds')?.samples;
    assert.equal(durations?.get('azure_vnet_operation_duration_seconds_count{command="ADD"}'), log.length);
    const labels = 'subnet="10.240.0.0/16",nic="eth0"';
    assert.equal(value('azure_vnet_pool_size', `{${labels}}`), 3);
    const states = ['used', 'resting', 'free', 'on_host'].map((state) =>
      value('azure_vnet_pool_addresses', `{${labels},state="${state}"}`),
    );
    assert.deepEqual(states, [2, 1, 0, 0]);
    assert.equal(value('azure_vnet_endpoints', '{network="azure"}'), 2);
    assert.equal(value('azure_vnet_problems', '{severity="error"}'), 0);
    writeFileSync(vm.path('/var/log/azure-vnet.log'), 'torn\n', { flag: 'a' });
    const after = parsePrometheus((await tool(vm, 'metrics')).stdout);
    assert.equal(after.get('azure_vnet_log_damaged_lines')?.samples.get('azure_vnet_log_damaged_lines'), 1);
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
