/** azure-vnet uninstall: the host gets back what it had. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { elements, hostVeths, ipv4, routes } from '../support/kernel.ts';
import { assertMeasured } from '../support/measured.ts';
import { addUnusualConfig } from '../support/node.ts';
import { files, lastLog, leftovers, snapshot } from '../support/state.ts';
import { BIN, tool } from '../support/tool.ts';
import { addPod, addressesAndRoutes, everything, GATEWAY } from '../support/tool-node.ts';
import { assertAnswered, assertNothingDropped, lost, pingsEvery5Ms } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet uninstall', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  test('gives the NIC its addresses and routes back, byte by byte, and loses at most one ping', async () => {
    await assertMeasured(async () => {
      const vm = await lab.addVm({ secondaries: 4 });
      await vm.mustExec(['sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=0']);
      await addUnusualConfig(vm);
      const wanted = await addressesAndRoutes(vm);
      const before = await snapshot(vm);
      await (await addPod(vm, 'a')).remove();
      await leftovers(vm);
      assert.deepEqual(await ipv4(vm, 'eth0'), []);

      const pings = Promise.all([
        pingsEvery5Ms(vm, GATEWAY, 300),
        pingsEvery5Ms(lab.fabric, vm.nic().primary, 300),
      ]);
      await vm.mustExec(['sleep', '0.5']);
      const { status, stdout, stderr } = await tool(vm, 'uninstall');
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, /^gave .* back to the NIC and removed azure0$/m);
      const [outwards, inwards] = await pings;
      assert.deepEqual(await addressesAndRoutes(vm), wanted);
      assert.deepEqual(await snapshot(vm), before);
      assert.deepEqual(files(vm, ''), []);
      await assertAnswered(vm, GATEWAY);
      return [...lost('outwards', outwards, 300, 1), ...lost('inwards', inwards, 300, 1)];
    });
  });

  test('refuses while containers have addresses, and with --force takes their network', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const wanted = await addressesAndRoutes(vm);
    const [a, b] = [await addPod(vm, 'a'), await addPod(vm, 'b')];
    // A refusal leaves its line in the log.
    const allButLog = async () => ({ ...(await everything(vm)), log: undefined });
    const before = await allButLog();
    for (const flags of [[], ['--dry-run'], ['--files']]) {
      const { status, stdout, stderr } = await tool(vm, 'uninstall', ...flags);
      assert.deepEqual([status, stdout], [1, '']);
      for (const pod of [a, b])
        assert.match(stderr, new RegExp(`^ {2}${pod.address} of pod default/${pod.name}, `, 'm'));
    }
    const dry = await tool(vm, 'uninstall', '--force', '--dry-run');
    assert.equal(dry.status, 0);
    assert.equal(dry.stdout.match(/^would /gm)?.length, 5);
    assert.deepEqual(await allButLog(), before);

    const { status } = await tool(vm, 'uninstall', '--force');
    assert.equal(status, 0);
    assert.deepEqual(await addressesAndRoutes(vm), wanted);
    assert.deepEqual([await hostVeths(vm), await elements(vm), files(vm, '')], [[], undefined, []]);
  });

  test('gives the address back when somebody deleted the bridge', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    const wanted = await addressesAndRoutes(vm);
    await (await addPod(vm, 'a')).remove();
    await leftovers(vm);
    await vm.mustExec(['ip', 'link', 'delete', 'azure0']);
    assert.deepEqual(await ipv4(vm, 'eth0'), []);
    assert.equal((await tool(vm, 'uninstall')).status, 0);
    assert.deepEqual(await addressesAndRoutes(vm), wanted);
    await assertAnswered(vm, GATEWAY);
  });

  test('gives back what the bridge has now: a lease that was renewed, a route that was added', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    await (await addPod(vm, 'a')).remove();
    await leftovers(vm);
    await vm.mustExec(['ip', 'route', 'add', '10.77.0.0/16', 'via', GATEWAY, 'dev', 'azure0']);
    await vm.mustExec(['ip', 'address', 'add', '10.240.200.9/16', 'dev', 'azure0']);
    assert.equal((await tool(vm, 'uninstall')).status, 0);
    assert.deepEqual(await ipv4(vm, 'eth0'), [`${vm.nic().primary}/16`, '10.240.200.9/16']);
    assert.ok((await routes(vm)).some(({ dst, dev }) => dst === '10.77.0.0/16' && dev === 'eth0'));
  });

  test('removes programs and configuration when asked, and what an ADD makes afterwards is as new', async () => {
    const vm = await lab.addVm({ secondaries: 4 });
    await vm.mustExec(['mkdir', '-p', '/run/bin']);
    await vm.mustExec(['cp', `${BIN}/azure-vnet`, '/usr/lib/cni/portmap', '/run/bin/']);
    await vm.mustExec(['ln', '/run/bin/azure-vnet', '/run/bin/azure-vnet-ipam']);
    const pod = await addPod(vm, 'a');
    await pod.remove();
    await leftovers(vm);
    const kept = await tool(vm, 'uninstall', '--cni-path', '/run/bin');
    assert.equal(kept.status, 0);
    assert.deepEqual(readdirSync(vm.path('/etc/cni/net.d')), ['10-azure.conflist']);
    await assertAnswered(await addPod(vm, 'b'), GATEWAY);
    await vm.pod(`b-${vm.name}`).remove();
    await leftovers(vm);
    const { status, stdout } = await tool(vm, 'uninstall', '--files', '--cni-path', '/run/bin');
    assert.equal(status, 0, stdout);
    assert.deepEqual(readdirSync(vm.path('/etc/cni/net.d')), []);
    assert.deepEqual(readdirSync(vm.path('/run/bin')), ['portmap']);
    assert.equal(lastLog(vm).command, 'uninstall');
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
