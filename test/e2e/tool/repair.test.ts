/** azure-vnet repair. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { addresses, elements, routes } from '../support/kernel.ts';
import { lastLog, leases, leftovers, snapshot } from '../support/state.ts';
import { tool } from '../support/tool.ts';
import { addPod, everything, GATEWAY, STATE } from '../support/tool-node.ts';
import { assertAnswered, assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet repair', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  for (const [what, code, damage] of [
    ['rules that nft flush ruleset removed', 'RULES_INCOMPLETE', ['nft', 'flush', 'ruleset']],
    ['a bridge that was deleted', 'BRIDGE_MISSING', ['ip', 'link', 'delete', 'azure0']],
    ['a bridge that is down', 'BRIDGE_DOWN', ['ip', 'link', 'set', 'azure0', 'down']],
    ['a NIC that was taken out of the bridge', 'NIC_NOT_PORT', ['ip', 'link', 'set', 'eth0', 'nomaster']],
    ['a state that somebody emptied', 'NETWORK_UNRECORDED', ['rm', '-r', STATE]],
  ] as const) {
    test(`mends ${what}, after a dry run that changes nothing`, async () => {
      const vm = await lab.addVm({ secondaries: 4 });
      const [a, b] = [await addPod(vm, 'a'), await addPod(vm, 'b')];
      const wanted = {
        addresses: await addresses(vm),
        routes: await routes(vm),
        elements: await elements(vm),
      };
      await vm.mustExec(damage);
      const broken = await everything(vm);
      const dry = await tool(vm, 'repair', '--dry-run');
      assert.equal(dry.status, 1);
      assert.match(dry.stdout, new RegExp(`^would mend ${code}: `, 'm'));
      assert.deepEqual(await everything(vm), broken);

      const { stdout } = await tool(vm, 'repair');
      assert.match(stdout, new RegExp(`^mended ${code}: `, 'm'));
      assert.doesNotMatch(stdout, /^failed/m);
      assert.deepEqual(
        { addresses: await addresses(vm), routes: await routes(vm), elements: await elements(vm) },
        wanted,
      );
      assert.deepEqual(
        leases(vm)
          .map(({ address }) => address)
          .sort(),
        [a.address, b.address].sort(),
      );
      for (const place of [vm, a, b]) await assertAnswered(place, GATEWAY);
      await assertAnswered(a, b.address);
      await assertAnswered(vm, a.address);
      await assertAnswered(lab.fabric, b.address);
      assert.equal(lastLog(vm).command, 'repair');
    });
  }

  test('completes a DEL that was interrupted', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    await addPod(vm, 'a');
    const [file = ''] = readdirSync(vm.path(`${STATE}/endpoints`));
    const record = JSON.parse(readFileSync(vm.path(`${STATE}/endpoints/${file}`), 'utf8'));
    mkdirSync(vm.path(`${STATE}/pending`), { recursive: true });
    rmSync(vm.path(`${STATE}/endpoints/${file}`));
    writeFileSync(vm.path(`${STATE}/pending/${file}`), JSON.stringify({ ...record, sinceMs: 1 }));
    const { status, stdout } = await tool(vm, 'repair');
    assert.match(stdout, /^mended DEL_INTERRUPTED: /m);
    assert.equal(status, 0);
    assert.deepEqual(await leftovers(vm), []);
  });

  test('has nothing to do on a healthy node', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    for (const pods of [0, 1]) {
      for (let i = 0; i < pods; i++) await addPod(vm, `p${i}`);
      const before = await snapshot(vm);
      const { status, stdout } = await tool(vm, 'repair');
      assert.deepEqual([status, stdout], [0, 'Nothing to repair.\n']);
      assert.deepEqual(await snapshot(vm), before);
    }
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
