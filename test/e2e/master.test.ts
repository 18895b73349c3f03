/** Which NIC becomes a port of the bridge, and what is said when there is none. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import { Container, networkConfig } from './support/container.ts';
import { link } from './support/kernel.ts';
import { snapshot } from './support/state.ts';
import { assertAnswered } from './support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const BARE = { conflist: null, secondaries: 4 } as const;

describe('The master interface', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ ...BARE, extraNics: [{ subnet: '10.241.0.0/16', secondaries: 2 }] });
    await vm.mustExec(['ip', 'link', 'add', 'br-other', 'type', 'bridge']);
  });
  after(() => lab.close());

  test('that is not there, or is no NIC: refused with the candidates, nothing changed', async () => {
    const container = await Container.create(vm, 'nomaster');
    const before = await snapshot(vm);
    const candidates = `candidates: eth0 (${vm.nic().primary}/16), eth1 (${vm.nic('eth1').primary}/16)`;
    const why = {
      eth7: 'the configuration names master "eth7", which does not exist',
      'br-other': 'master "br-other" is a bridge, not a NIC',
      lo: 'master "lo" is the loopback, not a NIC',
    };
    for (const [master, reason] of Object.entries(why)) {
      const error = await container.refused('ADD', { config: networkConfig({ ...BY_HOST_LOCAL, master }) });
      const { code, msg } = error;
      assert.equal(code, 100);
      assert.equal(
        msg,
        `Failed to find the master interface: ${reason}; ${candidates}; ` +
          'set "master" or give a NIC an address of the subnet',
      );
    }
    const config = networkConfig({ ...BY_HOST_LOCAL, ipam: { type: 'host-local', subnet: '172.20.0.0/16' } });
    const error = await container.refused('ADD', { config });
    assert.match(error.msg, /no NIC has an address of the subnet 172\.20\.0\.0\/16; candidates: eth0 /);
    assert.deepEqual(await snapshot(vm), before);
  });

  test('that is named but not there: our own IPAM refuses, too, and nothing is changed', async () => {
    const container = await Container.create(vm, 'noipam');
    const before = await snapshot(vm);
    const error = await container.refused('ADD', { config: networkConfig({ master: 'eth7' }) });
    assert.match(error.msg, /eth7/);
    assert.match(error.msg, /eth0.*eth1/, 'the NICs that there are');
    assert.deepEqual(await snapshot(vm), before);
  });

  test('that is named is used', async () => {
    const config = networkConfig({ master: 'eth1', bridge: 'azure1', name: 'second' });
    const container = await Container.create(vm, 'named', { config });
    const address = await container.addAddress();
    assert.ok(vm.nic('eth1').secondaries.includes(address), address);
    assert.equal((await link(vm, 'eth1')).master, 'azure1');
    assert.equal((await link(vm, 'eth0')).master, undefined);
    await assertAnswered(container, '10.241.0.1');
  });
});

/** host-local knows nothing of NICs: the plugin itself has to find or refuse the master. */
const BY_HOST_LOCAL = {
  cniVersion: '1.0.0',
  ipam: {
    type: 'host-local',
    ranges: [[{ subnet: '10.240.0.0/16', rangeStart: '10.240.0.5', rangeEnd: '10.240.0.8' }]],
  },
};
