import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConflists } from '../../../../src/cli/conflists.ts';
import { describeRemains } from '../../../../src/cli/gc/remains.ts';
import { installedFiles } from '../../../../src/cli/uninstall/files.ts';
import { planUninstall } from '../../../../src/cli/uninstall/plan.ts';
import { removeState } from '../../../../src/cli/uninstall/state.ts';
import type { SpawnResult } from '../../../../src/sys/sys.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';
import { ip, lease, network, node, record } from '../node/facts.ts';

const SHIPPED = readFileSync(
  fileURLToPath(new URL('../../../../conf/10-azure.conflist', import.meta.url)),
  'utf8',
);

test('planUninstall() of a node without containers has nothing in its way', () => {
  const facts = node({ endpoints: [], leases: [], pending: [record()] });
  const plan = planUninstall(facts, ['/x']);
  assert.deepEqual(plan.inTheWay, []);
  assert.deepEqual(
    plan.remains.map(({ kind }) => kind),
    ['deletion'],
  );
  assert.deepEqual(plan.bridges, [
    { bridge: 'azure0', nicMac: '00:0d:3a:0a:0b:0c', addresses: ['10.240.0.4/16'] },
  ]);
  assert.deepEqual(plan.files, ['/x']);
});

test('planUninstall() lists whoever would lose an address, each once', () => {
  const facts = node({
    strayLinks: [{ name: 'azvx', address: ip('10.240.0.7'), masterIndex: 3 }],
    leases: [...node().leases, lease({ address: ip('10.240.0.8'), containerId: 'web', network: 'other' })],
  });
  const { inTheWay, remains } = planUninstall(facts, []);
  assert.deepEqual(inTheWay, [
    '10.240.0.5 of pod default/a, container aaaaaaaaaaaa eth0',
    '10.240.0.6 of container bbbbbbbbbbbb eth0',
    '10.240.0.7 of a pod without a record (azvx)',
    '10.240.0.8 of pod default/a, container web eth0 in network other',
  ]);
  assert.deepEqual(remains.map(describeRemains), [
    '10.240.0.5 of pod default/a, container aaaaaaaaaaaa eth0 in network azure',
    '10.240.0.6 of container bbbbbbbbbbbb eth0 in network azure',
    'link azvx with the address 10.240.0.7',
    'lease of 10.240.0.8 by pod default/a, container web eth0',
  ]);
});

test('planUninstall() knows a bridge by the network or by what it took over', () => {
  const names = (facts: ReturnType<typeof node>) =>
    planUninstall(facts, []).bridges.map(({ bridge }) => bridge);
  assert.deepEqual(names(node({ networks: [] })), ['azure0']);
  assert.deepEqual(names(node({ hosts: [] })), ['azure0']);
  assert.deepEqual(names(node({ hosts: [], networks: [] })), []);
});

test('planUninstall() shows the addresses of a bridge that is gone as the records have them', () => {
  const facts = node({ networks: [network({ bridgeAddresses: [] })] });
  assert.deepEqual(planUninstall(facts, []).bridges[0]?.addresses, ['10.240.0.4/16']);
});

test('installedFiles() are configurations with our plugin, and programs that are ours', () => {
  const world = new FakeWorld();
  world.write('/etc/cni/net.d/10-azure.conflist', SHIPPED);
  world.write(
    '/etc/cni/net.d/87-podman.conflist',
    '{"name":"p","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}',
  );
  world.write('/etc/cni/net.d/99-broken.conflist', 'azure-vnet');
  world.write('/opt/cni/bin/azure-vnet', 'this one');
  world.write('/proc/self/status', '');
  world.symlink('/proc/self/exe', '/opt/cni/bin/azure-vnet');
  world.write('/opt/cni/bin/azure-vnet-ipam', 'another version', 0o755);
  world.write('/usr/lib/cni/azure-vnet', 'somebody else', 0o755);
  const asked: string[] = [];
  const ended: SpawnResult = {
    status: 0,
    signal: 0,
    stdout: '',
    stderr: '',
    timedOut: false,
    truncated: false,
  };
  const sys = world.process({
    spawn: ({ argv }) => {
      asked.push(argv.join(' '));
      const stdout =
        argv[0] === '/opt/cni/bin/azure-vnet-ipam' ? 'Azure CNI Version v0.0.9\n' : 'Cilium CNI\n';
      return { ...ended, stdout };
    },
  });
  const conflists = readConflists(sys, '/etc/cni/net.d');
  assert.deepEqual(installedFiles(sys, conflists, ['/opt/cni/bin', '/usr/lib/cni', '/none']), [
    '/etc/cni/net.d/10-azure.conflist',
    '/opt/cni/bin/azure-vnet',
    '/opt/cni/bin/azure-vnet-ipam',
  ]);
  assert.deepEqual(asked, ['/opt/cni/bin/azure-vnet-ipam --version', '/usr/lib/cni/azure-vnet --version']);
});

test('removeState() removes the whole directory, and symbolic links instead of what they lead to', () => {
  const world = new FakeWorld();
  world.write('/etc/keep', 'x');
  for (const path of ['lock', 'networks/azure', 'ipam/leases/10.240.0.5@a@eth0', 'ipam/sources/x']) {
    world.write(`/run/azure-vnet/${path}`, '{}');
  }
  world.symlink('/run/azure-vnet/link', '/etc');
  const sys = world.process();
  removeState(sys);
  assert.deepEqual(world.list('/run'), []);
  assert.equal(world.read('/etc/keep'), 'x');
  removeState(sys);
});
