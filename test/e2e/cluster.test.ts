/** A cluster definition from the file to pings, and the first boot of a node that was planned. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { parseUserData } from '../../lab/cluster/user-data.ts';
import { type Lab, type Vm, withLab } from '../../lab/lab.ts';
import { INTERNET_ADDRESS, type LabState } from '../../lab/model.ts';
import { labDirectory } from '../../lab/statefile.ts';
import { BUILT, ROOT } from '../../scripts/build/paths.ts';
import { hostTarget } from '../../scripts/build/target.ts';
import { formatIpv4 } from '../../src/net/ipv4.ts';
import { makeReleases, OURS } from '../install/support/releases.ts';
import { example, type GeneratedCluster, generated } from '../support/arm/generated.ts';

const NAME = `cluster-${process.pid}`;
const skip = process.getuid?.() === 0 ? false : 'needs root';

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function lab(...words: readonly string[]): Promise<Ended> {
  return run(process.execPath, ['--import', import.meta.resolve('tsx'), join(ROOT, 'lab/cli.ts'), ...words]);
}

function run(program: string, argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, argv, { timeout: 300_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

after(async () => {
  if (existsSync(labDirectory(NAME))) await lab('down', '--name', NAME);
});

test("lab cluster up: the page's example works from the definition to pings", { skip }, async () => {
  const up = await lab('cluster', 'up', join(ROOT, 'examples/cluster/page.json'), '--name', NAME);
  assert.equal(up.status, 0, up.stdout + up.stderr);
  assert.match(up.stdout, /\d{3} checks, all passed\n/);
  const status = await lab('status', '--json', '--name', NAME);
  const { vms } = JSON.parse(status.stdout) as LabState;
  const { plan } = generated(example('page.json'));
  assert.deepEqual(
    vms.map(({ nics: [nic] }) => [nic?.primary, ...(nic?.secondaries ?? [])]),
    plan.nodes.map(({ nic }) => nic.ipConfigs.map(({ address }) => formatIpv4(address))),
  );
  assert.deepEqual(
    vms.map(({ pods }) => pods.length),
    [2, 2, 2],
  );
  const host = await lab('exec', 'pool1n1', '--name', NAME, '--', 'hostname');
  assert.equal(host.stdout, `${plan.nodes[2]?.name}\n`);
  const again = await lab('cluster', 'up', join(ROOT, 'examples/cluster/page.json'), '--name', NAME);
  assert.match(again.stderr, /is up already/);
  const down = await lab('down', '--name', NAME);
  assert.match(down.stdout, /3 VMs \(master0, pool1n0, pool1n1\), 6 pods/);
});

test('azure-vnet cluster generate writes the same bytes each time, and replaces only what it wrote', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'azure-vnet-cluster-'));
  try {
    const tool = (...words: string[]) => run(join(BUILT, 'azure-vnet'), ['cluster', 'generate', ...words]);
    const page = join(ROOT, 'examples/cluster/page.json');
    for (const name of ['one', 'two']) {
      const { status, stdout, stderr } = await tool(page, '-o', join(directory, name));
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^wrote 14 files/);
    }
    const textsOf = (name: string) => {
      const below = readdirSync(join(directory, name), { recursive: true, withFileTypes: true });
      const paths = below
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return new Map(
        paths.sort().map((path) => [relative(join(directory, name), path), readFileSync(path, 'utf8')]),
      );
    };
    const one = textsOf('one');
    assert.deepEqual(textsOf('two'), one);
    // What runs in the executable is what the tests of the library have seen.
    assert.deepEqual(one, new Map(generated(example('page.json'), { version: 'v0.1.0' }).files));
    const refused = await tool(page, '-o', join(directory, 'one'));
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /one is not empty; --force replaces what is in it/);
    writeFileSync(join(directory, 'one/notes'), 'mine');
    const kept = await tool(page, '--force', '-o', join(directory, 'one'));
    assert.equal(kept.status, 1);
    assert.equal(readFileSync(join(directory, 'one/notes'), 'utf8'), 'mine');
    const replaced = await tool(
      join(ROOT, 'examples/cluster/windows-pool.json'),
      '--force',
      '-o',
      join(directory, 'two'),
    );
    assert.equal(replaced.status, 0, replaced.stderr);
    assert.ok([...textsOf('two').keys()].some((path) => path.endsWith('/setup.ps1')));
    assert.deepEqual(readdirSync(directory).sort(), ['one', 'two']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('lab cluster up refuses what cannot be deployed, with the place in the file', { skip }, async () => {
  const up = await lab('cluster', 'up', join(ROOT, 'examples/cluster/page-as-printed.json'), '--name', NAME);
  assert.equal(up.status, 1);
  assert.match(up.stderr, /cannot be deployed; .*\n.*page-as-printed\.json:\d+:\d+: .*placeholder/);
  assert.ok(!existsSync(labDirectory(NAME)));
});

test('the first boot of a node gives the pool back, installs the plugin and masquerades', {
  skip,
}, async () => {
  const releases = makeReleases([hostTarget()]);
  const installer = readFileSync(join(ROOT, 'scripts/install-cni-plugin.sh'));
  const sum = createHash('sha256').update(installer).digest('hex');
  const url = `http://${INTERNET_ADDRESS}:${RELEASES_PORT}`;
  const cluster = generated(example('page.json'), { version: OURS, url, installerSha256: sum });
  await withLab({ subnet: '10.0.0.0/20' }, async (network) => {
    await serve(network, new Map([...releases, [`/${OURS}/install-cni-plugin.sh`, installer]]));
    const vm = await bareNode(network, cluster, url);
    const setup = ['sh', '/etc/azure-vnet/setup.sh'];
    const env = { PATH: `/etc/stubs:${process.env.PATH ?? ''}` };
    // A wrong installer first: it must not be run.
    await vm.mustExec([
      'sed',
      '-i',
      `s/^INSTALLER_SHA256='./&0/;s/^\\(INSTALLER_SHA256='.\\{64\\}\\)./\\1/`,
      NODE_ENV,
    ]);
    const refused = await vm.exec(setup, { env });
    assert.match(refused.stderr, /install-cni-plugin\.sh does not have the SHA-256/);
    assert.ok(!existsSync(vm.path('/opt/cni/bin/azure-vnet')));
    await vm.mustExec(['sed', '-i', `s/^INSTALLER_SHA256=.*/INSTALLER_SHA256='${sum}'/`, NODE_ENV]);
    for (const round of ['first', 'second']) {
      const { status, stdout, stderr } = await vm.exec(setup, { env });
      assert.equal(status, 0, `${round}: ${stdout}${stderr}`);
    }
    assert.deepEqual(await addressesOf(vm), [vm.nic().primary]);
    assert.match(readFileSync(vm.path('/etc/netplan/50-cloud-init.yaml'), 'utf8'), /dhcp4: true/);
    const about = await vm.mustExec(['/opt/cni/bin/azure-vnet', '--version']);
    assert.match(about, /v0\.1\.0/);
    assert.equal(await vm.mustExec(['ls', '/etc/cni/net.d']), '10-azure.conflist\n');
    await vm.mustExec(['/opt/cni/bin/azure-vnet', 'snat', 'verify', '--cidr', '10.0.0.0/16']);
    assert.ok(existsSync(vm.path('/etc/systemd/system/azure-vnet-snat.service')));
    await checkReady(vm);
  });
});

test('lab cluster up: agents and pods reach several masters by the internal load balancer', {
  skip,
}, async () => {
  const file = join(ROOT, 'examples/cluster/three-masters.json');
  const up = await lab('cluster', 'up', file, '--pods', '1', '--name', NAME);
  assert.equal(up.status, 0, up.stdout + up.stderr);
  const { plan, files } = generated(example('three-masters.json'));
  const address = formatIpv4(plan.apiServer);
  assert.ok(up.stdout.includes(`ask for the API at ${address}, the internal load balancer\n`), up.stdout);
  assert.match(up.stdout, /✓ the masters take turns {2}master0, master1, master2\n/);
  // What the unit of systemd runs may be run again.
  const text = files.get(`nodes/${plan.nodes[0]?.name}/cloud-init.yaml`) ?? '';
  const unit = parseUserData(text).files.find(({ path }) => path.endsWith('/azure-vnet-api.service'));
  const [, program = ''] = /^ExecStart=\/bin\/sh -c '([^']+)'$/m.exec(unit?.content ?? '') ?? [];
  const inMaster = (...argv: string[]) => lab('exec', 'master0', '--name', NAME, '--', ...argv);
  assert.equal((await inMaster('/bin/sh', '-c', program)).status, 0);
  const rules = await inMaster('iptables', '-t', 'nat', '-S', 'PREROUTING');
  assert.deepEqual(
    rules.stdout.split('\n').filter((line) => line.includes('REDIRECT')),
    ['-A PREROUTING -p tcp -m tcp --dport 4443 -j REDIRECT --to-ports 443'],
  );
  await lab('down', '--name', NAME);
});

/** ready.sh, as the extension of the VM calls it. */
async function checkReady(vm: Vm): Promise<void> {
  const env = { PATH: `/etc/stubs:${process.env.PATH ?? ''}` };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const command = base64('echo "$ROLE of $POOL, API at $API_SERVER"\n');
  const argv = ['sh', '/etc/azure-vnet/ready.sh'];
  const stdin = `${base64('{"cloud":"AzurePublicCloud"}')}\n${command}\n`;
  const { status, stdout, stderr } = await vm.exec(argv, { env, stdin });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'agent of k8sagentpoo1, API at 10.0.1.50\n');
  assert.equal(await vm.mustExec(['stat', '-c', '%a', '/etc/kubernetes/azure.json']), '600\n');
  await vm.mustExec(['rm', '/var/lib/azure-vnet-setup.done']);
  const failed = await vm.exec(argv, { env, stdin });
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /the plugin was not installed/);
}

/** An agent as Azure starts it: its files written, every ipconfig on the NIC, nothing installed. */
async function bareNode(network: Lab, { plan, files }: GeneratedCluster, url: string): Promise<Vm> {
  const node = plan.nodes[1];
  const [primary = '', ...secondaries] = node?.nic.ipConfigs.map(({ address }) => formatIpv4(address)) ?? [];
  const vm = await network.addVm({ primary, secondaries, conflist: null, masquerade: false });
  await vm.mustExec(['mount', '-t', 'tmpfs', 'tmpfs', '/opt']);
  const userData = parseUserData(files.get(`nodes/${node?.name}/cloud-init.yaml`) ?? '').files;
  const stub = (name: string, text = '') => ({
    path: `/etc/stubs/${name}`,
    content: `#!/bin/sh\n${text}\n`,
    mode: 0o755,
  });
  const taken = 'network: {ethernets: {eth0: {addresses: [10.0.0.35/20]}}}\n';
  const more = [
    ...['modprobe', 'netplan'].map((name) => stub(name)),
    { path: '/etc/netplan/50-cloud-init.yaml', content: taken, mode: 0o600 },
    { path: '/var/log/cloud-init-output.log', content: 'the last line\n', mode: 0o600 },
  ];
  for (const { path, content, mode } of [...userData, ...more]) {
    mkdirSync(dirname(vm.path(path)), { recursive: true });
    writeFileSync(vm.path(path), content);
    chmodSync(vm.path(path), mode);
  }
  await vm.mustExec(['sed', '-i', `s#^CNI_PLUGINS_URL=.*#CNI_PLUGINS_URL='${url}'#`, NODE_ENV]);
  await networkOfFirstBoot(vm, primary, secondaries.slice(0, 5));
  assert.equal((await addressesOf(vm)).length, 6);
  return vm;
}

/** What cloud-init adds is there before the answer of DHCP, and all of it for ever: Azure's leases have no end. */
async function networkOfFirstBoot(vm: Vm, primary: string, secondaries: readonly string[]): Promise<void> {
  const route = `default via 10.0.0.1 dev eth0 proto dhcp src ${primary} metric 100`;
  for (const words of [
    'addr flush dev eth0 scope global',
    ...[...secondaries, primary].map((address) => `addr add ${address}/20 dev eth0`),
    `route add ${route}`,
  ]) {
    await vm.mustExec(['ip', ...words.split(' ')]);
  }
}

async function addressesOf(vm: Vm): Promise<string[]> {
  const text = await vm.mustExec(['ip', '-j', '-4', 'addr', 'show', 'dev', 'eth0']);
  const [link] = JSON.parse(text) as { addr_info: { local: string }[] }[];
  return link?.addr_info.map(({ local }) => local) ?? [];
}

/** Puts the releases on the internet of the lab. */
async function serve(network: Lab, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const root = join(network.directory, 'releases');
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  await network.internet.mustExec(['busybox', 'httpd', '-p', `0.0.0.0:${RELEASES_PORT}`, '-h', root]);
}

const RELEASES_PORT = 8000;
const NODE_ENV = '/etc/azure-vnet/node.env';
