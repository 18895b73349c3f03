/** Many calls at once, and calls that are ended in the middle. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIST } from '../../../scripts/build/paths.ts';
import { NAMESPACE, type WindowsNode } from '../support/node.ts';

const PROCESSES = 16;
/** Of the points at which an ADD or a DEL can be ended, so many are tried. */
const KILLS = 6;

const ONE = { containerId: '1111111111', netns: `${NAMESPACE}1` };
const TWO = { containerId: '2222222222', netns: `${NAMESPACE}2` };

export function defineManyTests(node: () => WindowsNode): void {
  test(`${PROCESSES} ADDs at once make one network and ${PROCESSES} endpoints; ${PROCESSES} DELs leave nothing`, async () => {
    node().reset();
    const containers = Array.from({ length: PROCESSES }, (_, index) => ({
      containerId: `${index + 10}`.repeat(5),
      netns: `${NAMESPACE}${index % 10}`,
    }));
    const added = await Promise.all(containers.map((one) => node().call({ ...one, command: 'ADD' })));
    assert.deepEqual(
      added.map(({ status }) => status),
      containers.map(() => 0),
      added.map(({ stdout }) => stdout).join('\n'),
    );
    const { networks, endpoints } = node().hns.state();
    assert.equal(networks.length, 1);
    assert.equal(new Set(endpoints.map(({ address }) => address)).size, PROCESSES);
    const deleted = await Promise.all(containers.map((one) => node().call({ ...one, command: 'DEL' })));
    assert.deepEqual(
      deleted.map(({ status }) => status),
      containers.map(() => 0),
      deleted.map(({ stdout }) => stdout).join('\n'),
    );
    assert.deepEqual(node().hns.state().endpoints, []);
    for (const directory of ['endpoints', 'unfinished', 'tmp'])
      assert.deepEqual(node().records(directory), []);
  });

  for (const command of ['ADD', 'DEL'] as const) {
    test(`${command} is ended at ${KILLS} points: the next call leaves nothing behind`, async () => {
      const { path } = node().machine.directory('cni/test');
      for (const name of ['azure-vnet.exe', 'azure-vnet-ipam.exe']) {
        copyFileSync(join(DIST, 'test-windows/azure-vnet.exe'), join(path, name));
      }
      const killable = { plugin: '../test/azure-vnet', ...ONE, command };
      const prepare = async () => {
        node().reset();
        if (command === 'DEL') assert.equal((await node().call({ ...ONE, command: 'ADD' })).status, 0);
      };
      await prepare();
      const whole = await node().call({ ...killable, env: { AZURE_VNET_KILL_AT: '0' } });
      const points = Number(/(\d+) calls/.exec(whole.stderr)?.[1]);
      assert.ok(points > 20, whole.stderr);
      for (let kill = 0; kill < KILLS; kill++) {
        const at = 1 + Math.floor(((kill + 0.5) * points) / KILLS);
        await prepare();
        const killed = await node().call({ ...killable, env: { AZURE_VNET_KILL_AT: String(at) } });
        assert.equal(killed.status, 137, `point ${at}: ${killed.stdout}`);
        await assertRecovered(node(), `${command} ended at point ${at} of ${points}`);
      }
    });
  }
}

/** Another container gets its address, then the first is deleted: nothing of it is left anywhere. */
async function assertRecovered(node: WindowsNode, what: string): Promise<void> {
  const next = await node.call({ ...TWO, command: 'ADD' });
  assert.equal(next.status, 0, `${what}: ${next.stdout}`);
  const deleted = await node.call({ ...ONE, command: 'DEL' });
  assert.equal(deleted.status, 0, `${what}: ${deleted.stdout}`);
  const names = node.hns.state().endpoints.map(({ name }) => name);
  assert.deepEqual(names, ['22222222-eth0'], what);
  for (const directory of ['unfinished', 'tmp']) assert.deepEqual(node.records(directory), [], what);
  assert.deepEqual(node.records('endpoints'), [`azure@${TWO.containerId}@eth0`], what);
}
