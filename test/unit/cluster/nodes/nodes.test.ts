/** The files of a node. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import '../../../support/seed.ts';
import { parseKubeletFlags } from '../../../../lab/cluster/kubelet.ts';
import { parseUserData } from '../../../../lab/cluster/user-data.ts';
import { kubeletEnvironment, kubeletFlags } from '../../../../src/cluster/nodes/kubelet.ts';
import { parseConfList } from '../../../../src/cni/runtime/conflist.ts';
import { formatCidr } from '../../../../src/net/cidr.ts';
import { example, type GeneratedCluster, generated } from '../../../support/arm/generated.ts';

const shipped = readFileSync(
  fileURLToPath(new URL('../../../../conf/10-azure.conflist', import.meta.url)),
  'utf8',
);

/** Azure takes 64 KiB of custom data, before base64. */
const MAX_CUSTOM_DATA_BYTES = 65_535;

function fileOf({ plan, files }: GeneratedCluster, pool: string, name: string): string {
  const node = plan.nodes.find((one) => one.pool === pool);
  const text = files.get(`nodes/${node?.name}/${name}`);
  assert.ok(text !== undefined, `${pool} ${name}`);
  return text;
}

function userDataOf(cluster: GeneratedCluster, pool: string): Map<string, { content: string; mode: number }> {
  const { files, commands } = parseUserData(fileOf(cluster, pool, 'cloud-init.yaml'));
  assert.deepEqual(commands, [['sh', '/etc/azure-vnet/setup.sh']]);
  return new Map(files.map(({ path, content, mode }) => [path, { content, mode }]));
}

test('10-azure.conflist of a Linux node is the shipped one: an upgrade may replace it', () => {
  assert.equal(fileOf(generated(example('page.json')), 'master', '10-azure.conflist'), shipped);
});

test('10-azure.conflist of a Windows node has DNS and ranges of the cluster', () => {
  const cluster = generated(example('windows-pool.json'));
  const pool = cluster.definition.pools.find(({ osType }) => osType === 'Windows')?.name ?? '';
  const text = fileOf(cluster, pool, '10-azure.conflist');
  assert.ok(parseConfList(text).ok);
  const [plugin] = JSON.parse(text).plugins;
  assert.deepEqual(plugin.dns.Nameservers.slice(1), ['168.63.129.16']);
  const [nat, route] = plugin.AdditionalArgs.map(({ Value }: { Value: object }) => Value);
  assert.equal(nat.Type, 'OutBoundNAT');
  assert.equal(new Set(nat.ExceptionList).size, nat.ExceptionList.length);
  assert.equal(route.DestinationPrefix, formatCidr(cluster.definition.network.serviceCidr));
  assert.match(fileOf(cluster, pool, 'kubelet-flags'), /^--cni-bin-dir=c:\\cni\\bin$/m);
});

test('the user data writes the files that are beside it, and keeps cloud-init off the pool', () => {
  const cluster = generated(example('page.json'));
  const files = userDataOf(cluster, 'k8sagentpoo1');
  const beside = (name: string): string => fileOf(cluster, 'k8sagentpoo1', name);
  assert.equal(files.get('/etc/cni/net.d/10-azure.conflist')?.content, beside('10-azure.conflist'));
  assert.equal(files.get('/etc/default/kubelet')?.content, beside('kubelet.env'));
  assert.equal(files.get('/etc/azure-vnet/snat-ranges')?.content, beside('snat-ranges'));
  assert.equal(beside('snat-ranges'), '10.0.0.0/16\n');
  assert.match(
    files.get('/etc/cloud/cloud.cfg.d/15_azure-vnet.cfg')?.content ?? '',
    /apply_network_config: false/,
  );
  assert.equal(files.get('/etc/azure-vnet/setup.sh')?.mode, 0o755);
  assert.equal(files.get('/etc/azure-vnet/node.env')?.content.includes("POOL='k8sagentpoo1'"), true);
  assert.ok(!files.has('/etc/docker/daemon.json'));
});

test("Docker's bridge and the way back from the internal load balancer are there when they are needed", () => {
  const withBridge = example('three-masters.json').replace(
    /"kubernetesConfig": \{/,
    '"kubernetesConfig": { "dockerBridgeSubnet": "172.20.0.1/16",',
  );
  const cluster = generated(withBridge);
  const masters = userDataOf(cluster, 'master');
  assert.equal(masters.get('/etc/docker/daemon.json')?.content, '{"bip": "172.20.0.1/16"}\n');
  const unit = masters.get('/etc/systemd/system/azure-vnet-api.service')?.content ?? '';
  assert.match(unit, /-C PREROUTING -p tcp --dport 4443 -j REDIRECT --to-ports 443 \|\| iptables/);
  const agents = userDataOf(cluster, cluster.definition.pools[0]?.name ?? '');
  assert.ok(!agents.has('/etc/systemd/system/azure-vnet-api.service'));
  assert.ok(
    !userDataOf(generated(example('page.json')), 'master').has('/etc/systemd/system/azure-vnet-api.service'),
  );
});

test('the programs of the user data are shell, and all of it fits into custom data', () => {
  for (const name of ['page.json', 'three-masters.json']) {
    const cluster = generated(example(name));
    for (const [path, text] of cluster.files) {
      if (!path.endsWith('/cloud-init.yaml')) continue;
      assert.ok(Buffer.byteLength(text) < MAX_CUSTOM_DATA_BYTES, path);
      const programs = parseUserData(text).files.filter((file) => file.path.endsWith('.sh'));
      assert.equal(programs.length, 2);
      for (const { content } of programs) {
        const { status, stderr } = spawnSync('sh', ['-n'], { input: content, encoding: 'utf8' });
        assert.equal(status, 0, stderr);
      }
    }
  }
});

test('kubeletFlags() follow the release: Kubernetes has moved the plugins to the runtime', () => {
  const { definition } = generated(example('page.json'));
  const flagsOf = (release: string) =>
    kubeletFlags({ ...definition, kubernetes: { release } }, definition.master, 'Linux');
  const old = flagsOf('1.10');
  assert.equal(old.get('--network-plugin'), 'cni');
  assert.equal(old.get('--max-pods'), '30');
  assert.equal(old.get('--cloud-config'), '/etc/kubernetes/azure.json');
  const later = flagsOf('1.24');
  for (const flag of ['--network-plugin', '--cni-bin-dir', '--cni-conf-dir', '--non-masquerade-cidr']) {
    assert.ok(old.has(flag) && !later.has(flag), flag);
  }
  assert.equal(flagsOf('1.29').get('--cloud-provider'), 'external');
  assert.deepEqual([...old.keys()], [...old.keys()].sort());
});

test('kubeletFlags() take those of the definition, but for what chooses the plugin', () => {
  const { definition } = generated(example('page.json'));
  const profile = {
    ...definition.master,
    maxPods: 50,
    kubeletFlags: new Map([
      ['--cluster-domain', 'example.org'],
      ['--network-plugin', 'kubenet'],
      ['--max-pods', '50'],
    ]),
  };
  const flags = kubeletFlags(definition, profile, 'Linux');
  assert.equal(flags.get('--cluster-domain'), 'example.org');
  assert.equal(flags.get('--network-plugin'), 'cni');
  assert.equal(flags.get('--max-pods'), '50');
});

test('kubeletEnvironment() is read back as it was, whatever the values are', () => {
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^--[a-z][a-z0-9-]{0,10}$/), value, { minKeys: 1 }),
      (flags) => {
        const map = new Map(Object.entries(flags));
        assert.deepEqual(parseKubeletFlags(kubeletEnvironment(map)), map);
      },
    ),
  );
  const labels = new Map([['--node-labels', `a='b c\\`]]);
  assert.equal(kubeletEnvironment(labels), `KUBELET_EXTRA_ARGS="'--node-labels=a=\\\\'b c\\\\\\\\'"\n`);
});

test('setup.ps1 of a Windows node compares the installer, runs it for the release, and writes what is beside it', () => {
  const cluster = generated(example('windows-pool.json'));
  const pool = cluster.definition.pools.find(({ osType }) => osType === 'Windows')?.name ?? '';
  const setup = fileOf(cluster, pool, 'setup.ps1');
  assert.match(setup, /-Uri 'https:\/\/releases\.example\/download\/v0\.1\.0\/install-cni-plugin\.ps1'$/m);
  assert.match(setup, /^& \$installer 'v0\.1\.0' -BaseUrl 'https:\/\/releases\.example\/download'$/m);
  assert.ok(setup.indexOf(`if ($sum -ne '${'b'.repeat(64)}') { throw`) < setup.indexOf('& $installer'));
  const written = [...setup.matchAll(/^Write-Text '([^']+)' @'\n([\s\S]*?)\n'@$/gm)].map(([, path, text]) => [
    path,
    text,
  ]);
  assert.deepEqual(written, [
    ['c:\\cni\\netconf\\10-azure.conflist', fileOf(cluster, pool, '10-azure.conflist').trimEnd()],
    ['c:\\k\\kubelet-flags', fileOf(cluster, pool, 'kubelet-flags').trimEnd()],
  ]);
  assert.match(setup, new RegExp(`^\\$env:POOL = '${pool}'$`, 'm'));
});
