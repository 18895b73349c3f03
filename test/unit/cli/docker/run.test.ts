import assert from 'node:assert/strict';
import test from 'node:test';
import { CONFLIST, CONFLIST_PATH, FakeNode, RECORDS, refusal } from './fake-docker.ts';

/** Nothing of a container is left. */
function assertNothingLeft(node: FakeNode): void {
  assert.deepEqual([...node.held], []);
  assert.deepEqual(node.containers, []);
  assert.deepEqual(node.records(), {});
}

test('docker run makes a container without network of docker, with the command of its image', () => {
  const node = new FakeNode();
  const { status, stdout, stderr } = node.run('run', 'web', 'default', 'nginx:1');
  assert.deepEqual([status, stderr], [0, '']);
  const { id, argv } = node.container('web');
  assert.equal(stdout, `web: 10.240.0.5, container ${id.slice(0, 12)}\n`);
  assert.deepEqual(argv, []);
  assert.deepEqual(node.dockerCalls.slice(0, 2), [
    'create --pull never --name web --interactive --network none --label azure-vnet.namespace=default nginx:1',
    `start ${id}`,
  ]);
});

test('docker run walks loopback and the whole chain, as the original calls it', () => {
  const node = new FakeNode();
  node.run('run', 'web', 'prod', 'nginx', '-p', '8080:80/tcp', '-p=127.0.0.1:53:53/udp');
  assert.deepEqual(node.pluginLines, ['loopback ADD', 'azure-vnet ADD', 'portmap ADD']);
  const { id, key } = node.container('web');
  const [loopback, azure, portmap] = node.plugins;
  assert.equal(loopback?.env.CNI_IFNAME, 'lo');
  const { CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, CNI_PATH } = azure?.env ?? {};
  assert.deepEqual([CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH], [id, key, 'eth0', '/opt/cni/bin']);
  assert.equal(
    CNI_ARGS,
    `IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=${id}`,
  );
  assert.deepEqual(portmap?.config.runtimeConfig, {
    portMappings: [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: '127.0.0.1' },
    ],
  });
  assert.ok(portmap?.config.prevResult, 'the result of azure-vnet');
  assert.equal(node.container('web').labels['azure-vnet.ports'], '8080:80/tcp,127.0.0.1:53:53/udp');
});

test('docker run passes a command on as it is, whatever it looks like', () => {
  const node = new FakeNode();
  assert.equal(node.run('run', 'web', 'default', 'nginx', '--', 'sh', '-c', 'a b', '--help', '--').status, 0);
  assert.deepEqual(node.container('web').argv, ['sh', '-c', 'a b', '--help', '--']);
});

test('docker run writes name servers and the own name where docker keeps them', () => {
  const node = new FakeNode();
  node.dns = { nameservers: ['10.0.0.10'], search: ['svc.local'] };
  node.run('run', 'web', 'default', 'nginx');
  assert.equal(node.file('web', 'resolv.conf'), 'search svc.local\nnameserver 10.0.0.10\n');
  const hostname = node.container('web').id.slice(-12);
  assert.equal(node.file('web', 'hosts'), `127.0.0.1\tlocalhost\n10.240.0.5\t${hostname} # azure-vnet\n`);
});

test('docker run --json prints container, addresses and the result', () => {
  const node = new FakeNode();
  const document = JSON.parse(node.run('run', '--json', 'web', 'default', 'nginx', '-p', '80:80').stdout);
  assert.equal(document.id, node.container('web').id);
  assert.deepEqual([document.addresses, document.ports], [['10.240.0.5'], ['80:80/tcp']]);
  assert.equal(document.result.ips[0].address, '10.240.0.5/16');
});

test('docker run remembers what it attached, before and after', () => {
  const node = new FakeNode();
  let before: unknown;
  node.script = (line) => {
    if (line === 'azure-vnet ADD') before = Object.values(node.records())[0]?.result;
    return undefined;
  };
  node.run('run', 'web', 'default', 'nginx');
  const { id, key } = node.container('web');
  assert.equal(before, undefined);
  assert.deepEqual(Object.keys(node.records()), [id]);
  const { netns, addresses, result, config } = node.records()[id] ?? {};
  assert.deepEqual([netns, addresses, config], [key, ['10.240.0.5'], CONFLIST]);
  assert.ok(result);
});

test('docker run pulls an image that is not there, says so, and passes on why it cannot', () => {
  const node = new FakeNode();
  node.script = (line) =>
    line.includes('--pull never')
      ? { status: 1, stderr: 'Error response from daemon: No such image: nginx:1\n' }
      : undefined;
  const pulled = node.run('run', 'web', 'default', 'nginx:1');
  assert.deepEqual([pulled.status, pulled.stderr], [0, 'azure-vnet: web: pulling nginx:1\n']);
  node.script = (line) =>
    line.startsWith('docker create')
      ? { status: 1, stderr: 'Unable to find image\nError response from daemon: No such image: x\n' }
      : undefined;
  const refused = node.run('run', 'web2', 'default', 'nginx:1');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^azure-vnet: web2: the image cannot be pulled: No such image: x$/m);
});

test('docker run works with clients that do not know --pull', () => {
  const node = new FakeNode();
  const unknown = { status: 125, stderr: "unknown flag: --pull\nSee 'docker create --help'.\n" };
  node.script = (line) => (line.includes('--pull') ? unknown : undefined);
  const { status, stderr } = node.run('run', 'web', 'default', 'nginx');
  assert.deepEqual([status, stderr], [0, '']);
});

for (const [what, script, said] of [
  ['an exhausted pool', {}, /^azure-vnet: web: ADD by azure-vnet failed: No available addresses\n$/],
  [
    'a plugin further on',
    { 'portmap ADD': refusal(5, 'iptables is busy') },
    /^azure-vnet: web: ADD by portmap failed: iptables is busy\n$/,
  ],
  [
    'loopback',
    { 'loopback ADD': { status: 1, stdout: 'panic', stderr: '' } },
    /^azure-vnet: web: ADD by loopback failed: exit status 1 without a CNI error: panic\n$/,
  ],
  [
    'a container that cannot be started',
    {
      'docker start': {
        status: 1,
        stderr: 'Error response from daemon: exec: "x": not found\nError: failed to start containers: x\n',
      },
    },
    /^azure-vnet: web: exec: "x": not found\n$/,
  ],
] as const) {
  test(`docker run removes everything after ${what} and says why in one line`, () => {
    const node = new FakeNode();
    if (what.includes('pool')) node.pool = [];
    const answers: Readonly<Record<string, object>> = script;
    node.script = (line) => Object.entries(answers).find(([start]) => line.startsWith(start))?.[1];
    const { status, stdout, stderr } = node.run('run', 'web', 'default', 'nginx', '-p', '80:80');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, said);
    assertNothingLeft(node);
  });
}

test('docker run says that a container has ended at once, how, and its last words', () => {
  const node = new FakeNode();
  node.script = (line) => (line.startsWith('docker start') ? {} : undefined);
  const { status, stderr } = node.run('run', 'web', 'default', 'nginx');
  assert.equal(status, 1);
  assert.equal(
    stderr,
    'azure-vnet: web: the container ended at once, with status 7: last words; give it a command after --\n',
  );
  assert.deepEqual(node.plugins, []);
  assertNothingLeft(node);
});

test('docker run names what it could not undo, and repair goes on from there', () => {
  const node = new FakeNode();
  const broken = { 'portmap ADD': refusal(5, 'no'), 'portmap DEL': refusal(5, 'still no') };
  node.script = (line) => broken[line as keyof typeof broken];
  const { stderr } = node.run('run', 'web', 'default', 'nginx', '-p', '80:80');
  assert.match(stderr, /ADD by portmap failed: no; not undone: DEL by portmap failed: still no/);
  assert.equal(stderr.split('\n').length, 2);
  assert.equal(Object.keys(node.records()).length, 1);
  node.script = () => undefined;
  assert.match(node.run('repair').stdout, /^forgot web \(default\)/);
  assertNothingLeft(node);
});

test('docker run leaves a container of the same name alone', () => {
  const node = new FakeNode();
  node.run('run', 'web', 'default', 'nginx');
  const { status, stderr } = node.run('run', 'web', 'default', 'nginx');
  assert.equal(status, 1);
  assert.match(stderr, /The container name "\/web" is already in use/);
  assert.equal(node.containers.length, 1);
  assert.equal(node.held.size, 1);
});

for (const [what, prepare, said] of [
  [
    'docker is missing',
    (node) => node.world.files.unlink('/usr/bin/docker'),
    /docker is not installed: apt-get install docker\.io/,
  ],
  [
    'there is no configuration',
    (node) => node.world.files.unlink(CONFLIST_PATH),
    /no network configuration in \/etc\/cni\/net\.d names azure-vnet; install-cni-plugin\.sh/,
  ],
  [
    'the configuration is damaged',
    (node) => node.world.write(CONFLIST_PATH, '{'),
    /names azure-vnet \(10-azure\.conflist: not JSON: /,
  ],
  [
    'portmap is missing',
    (node) => node.world.files.unlink('/opt/cni/bin/portmap'),
    /failed to find plugin "portmap" in path \[\/opt\/cni\/bin\]; install-cni-plugin\.sh installs it/,
  ],
  [
    'loopback is missing',
    (node) => node.world.files.unlink('/opt/cni/bin/loopback'),
    /failed to find plugin "loopback"/,
  ],
] as readonly [string, (node: FakeNode) => void, RegExp][]) {
  test(`docker run makes nothing when ${what}`, () => {
    const node = new FakeNode();
    prepare(node);
    const { status, stderr } = node.run('run', 'web', 'default', 'nginx');
    assert.equal(status, 1);
    assert.match(stderr, said);
    assert.deepEqual(node.dockerCalls, []);
  });
}

test('docker run refuses ports when no plugin can map them', () => {
  const node = new FakeNode();
  node.world.write(CONFLIST_PATH, CONFLIST.replace('portMappings', 'bandwidth'));
  const { status, stderr } = node.run('run', 'web', 'default', 'nginx', '-p', '80:80');
  assert.equal(status, 1);
  assert.match(stderr, /no plugin of network azure has the capability portMappings/);
  assertNothingLeft(node);
});

for (const words of [
  [],
  ['web'],
  ['web', 'default'],
  ['web', 'default', 'nginx', 'sh'],
  ['web x', 'default', 'nginx'],
  ['w', 'default', 'nginx'],
  ['-web', 'default', 'nginx'],
  ['web', 'a;IP=10.0.0.1', 'nginx'],
  ['web', 'a=b', 'nginx'],
  ['web', '', 'nginx'],
  ['web', 'default', '--privileged'],
  ['web', 'default', 'a b'],
  ['web', 'default', '$(id)'],
  ['web', 'default', 'nginx', '-p', '80'],
  ['web', 'default', 'nginx', '-d'],
  ['web', 'default', 'nginx', '--dry-run'],
  ['w\u00e9b', 'default', 'nginx'],
  ['x'.repeat(254), 'default', 'nginx'],
]) {
  test(`docker run refuses ${JSON.stringify(words).slice(0, 60)} with status 2 and makes nothing`, () => {
    const node = new FakeNode();
    const { status, stdout, stderr } = node.run('run', ...words);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^azure-vnet: .+\n/);
    assert.deepEqual([node.dockerCalls, node.world.list(RECORDS)], [[], []]);
  });
}
