/** The conflist of the deployment page, with portmap, in every version that portmap knows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Pod, type Vm } from '../../lab/lab.ts';
import { INTERNET_ADDRESS } from '../../lab/model.ts';
import { ask, startEcho } from './support/echo.ts';
import { assertNoLeftovers } from './support/state.ts';
import { assertNothingDropped, type Place } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const PAGE = readFileSync(new URL('../../conf/10-azure.conflist', import.meta.url), 'utf8');

const PORT = 7000;
const HOST_PORT = 8080;
const PORTS = (['tcp', 'udp'] as const).map((protocol) => ({
  hostPort: HOST_PORT,
  containerPort: PORT,
  protocol,
}));

describe('The conflist of the page', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let other: Vm;
  let neighbour: Pod;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ secondaries: 3 });
    other = await lab.addVm({ secondaries: 2 });
    neighbour = await vm.addPod('neighbour');
  });
  after(async () => {
    await neighbour.remove();
    await assertNoLeftovers(vm);
    await assertNothingDropped(lab);
    await lab.close();
  });

  test('is the one of the page, version 0.3.0', () => {
    assert.deepEqual(JSON.parse(PAGE), {
      cniVersion: '0.3.0',
      name: 'azure',
      plugins: [
        { type: 'azure-vnet', mode: 'bridge', bridge: 'azure0', ipam: { type: 'azure-vnet-ipam' } },
        { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      ],
    });
    assert.equal(readFileSync(vm.path('/etc/cni/net.d/10-azure.conflist'), 'utf8'), PAGE);
  });

  for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0']) {
    test(`at ${version}: a host port leads to the pod from everywhere, TCP and UDP`, async () => {
      const conflist = PAGE.replace('"0.3.0"', `"${version}"`);
      const pod = await vm.addPod('web', { conflist, ports: PORTS });
      assert.equal(pod.record.cache.result.cniVersion, version);
      await startEcho(pod, PORT);
      const node = vm.nic().primary;
      const ways: Record<string, readonly [Place, string]> = {
        'the fabric': [lab.fabric, node],
        'the other VM': [other, node],
        'the internet': [lab.internet, node],
        'the node, by its address': [vm, node],
        'the node, by 127.0.0.1': [vm, '127.0.0.1'],
        'the pod itself': [pod, node],
        'another pod of the node': [neighbour, node],
      };
      for (const [from, [place, address]] of Object.entries(ways)) {
        const seen = await ask(place, address, HOST_PORT);
        assert.ok(seen.tcp !== '' && seen.udp !== '', `from ${from}: ${JSON.stringify(seen)}`);
        // Within the subnet portmap hides who it is, because of "snat" and the prefix of the pod's address.
        if (place === lab.internet) assert.deepEqual(seen, { tcp: INTERNET_ADDRESS, udp: INTERNET_ADDRESS });
      }
      const { primary } = other.nic();
      assert.deepEqual(await ask(other, pod.address, PORT), { tcp: primary, udp: primary }, 'directly');
      await pod.remove();
      assert.deepEqual(await ask(vm, node, HOST_PORT), { tcp: '', udp: '' }, 'the port is closed again');
      await assertNoLeftovers(vm, [neighbour.address]);
    });
  }
});
