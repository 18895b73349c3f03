import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeNode, RECORDS, refusal } from './fake-docker.ts';

function nodeWith(...names: readonly string[]): FakeNode {
  const node = new FakeNode();
  node.pool = ['10.240.0.5', '10.240.0.6', '10.240.0.7'];
  for (const name of names)
    assert.equal(node.run('run', name, 'default', 'nginx', '-p', `80${names.indexOf(name)}:80`).status, 0);
  node.plugins.length = 0;
  return node;
}

/** By name: state and address, as `list` has them. */
function standings(node: FakeNode): Record<string, string> {
  const { containers } = JSON.parse(node.run('list', '--json').stdout);
  return Object.fromEntries(
    containers.map((row: { name: string; state: string; addresses: string[] }) => [
      row.name,
      [row.state, ...row.addresses].join(' '),
    ]),
  );
}

test('docker repair has nothing to do while all is as it was made', () => {
  const node = nodeWith('web', 'db');
  assert.deepEqual(node.run('repair'), { status: 0, stdout: 'Nothing to do.\n', stderr: '' });
  assert.deepEqual(node.plugins, []);
  assert.deepEqual(standings(node), { web: 'attached 10.240.0.5', db: 'attached 10.240.0.6' });
});

test('docker repair attaches a container that has started again, with its address, ports and names', () => {
  const node = nodeWith('web', 'db');
  node.stop('db');
  node.start('db');
  assert.equal(standings(node).db, 'detached');
  assert.equal(node.run('list').status, 1);
  const { status, stdout } = node.run('repair');
  assert.deepEqual([status, stdout], [0, 'attached db (default) with 10.240.0.6: it has started again\n']);
  assert.deepEqual(node.pluginLines, [
    'portmap DEL',
    'azure-vnet DEL',
    'loopback ADD',
    'azure-vnet ADD',
    'portmap ADD',
  ]);
  const [portmapDel, , , add, portmap] = node.plugins;
  const portMappings = [{ hostPort: 801, containerPort: 80, protocol: 'tcp' }];
  assert.deepEqual(portmapDel?.config.runtimeConfig, { portMappings }, 'DEL needs them too');
  assert.match(add?.env.CNI_ARGS ?? '', /;IP=10\.240\.0\.6$/);
  assert.equal(add?.env.CNI_NETNS, node.container('db').key);
  assert.deepEqual(portmap?.config.runtimeConfig, { portMappings });
  assert.match(node.file('db', 'hosts'), /^10\.240\.0\.6\t/m);
  assert.equal(standings(node).db, 'attached 10.240.0.6');
});

test('docker repair takes another address when the old one was given away meanwhile', () => {
  const node = nodeWith('web');
  node.stop('web');
  node.run('repair');
  assert.equal(standings(node).web, 'stopped');
  assert.equal(node.held.size, 0, 'a stopped container holds nothing');
  node.run('run', 'next', 'default', 'nginx');
  node.start('web');
  const { status, stdout } = node.run('repair');
  assert.equal(status, 0);
  assert.equal(stdout, 'attached web (default) with 10.240.0.6, it had 10.240.0.5: it has no address\n');
});

test('docker repair gives back before it takes', () => {
  const node = nodeWith('web', 'db');
  node.pool = ['10.240.0.5', '10.240.0.6'];
  node.stop('db');
  node.create(['--name', 'new', '--network', 'none', '--label', 'azure-vnet.namespace=x', 'nginx']);
  node.start('new');
  const { status, stdout } = node.run('repair');
  assert.equal(status, 0, stdout);
  assert.deepEqual(stdout.split('\n'), [
    'released 10.240.0.6 of db (default): the container has stopped',
    'attached new (x) with 10.240.0.6: it has no address',
    '',
  ]);
});

test('docker repair --dry-run says what is due and does nothing', () => {
  const node = nodeWith('web', 'db', 'old');
  node.stop('web');
  node.start('web');
  node.stop('db');
  node.stop('old');
  node.containers.splice(2, 1);
  const { status, stdout } = node.run('repair', '--dry-run');
  assert.equal(status, 0);
  assert.deepEqual(stdout.split('\n').sort(), [
    '',
    'would attach web (default): it has started again',
    'would forget old (default): the container was removed',
    'would release db (default): the container has stopped',
  ]);
  assert.deepEqual([node.plugins, node.held.size], [[], 3]);
});

test('docker repair of named containers leaves the others alone, and knows ids', () => {
  const node = nodeWith('web', 'db');
  for (const name of ['web', 'db']) {
    node.stop(name);
    node.start(name);
  }
  assert.match(node.run('repair', node.container('db').id).stdout, /^attached db/);
  assert.deepEqual(standings(node), { web: 'detached', db: 'attached 10.240.0.6' });
  assert.deepEqual(node.run('repair', 'nobody'), { status: 0, stdout: '', stderr: '' });
  const { id } = node.container('web');
  node.run('del', 'db', 'default');
  node.stop('web');
  node.containers.length = 0;
  assert.match(node.run('repair', id).stdout, /^forgot web \(default\) with 10\.240\.0\.5/);
  assert.deepEqual(node.records(), {});
});

test('docker repair goes on after a failure and names it', () => {
  const node = nodeWith('web', 'db');
  for (const name of ['web', 'db']) {
    node.stop(name);
    node.start(name);
  }
  const { id } = node.container('web');
  let failed = false;
  node.script = (line) => {
    if (line !== 'azure-vnet ADD' || failed) return undefined;
    failed = true;
    return refusal(11, 'wireserver is silent');
  };
  const { status, stdout, stderr } = node.run('repair');
  assert.equal(status, 1);
  assert.equal(stderr, 'azure-vnet: web (default): ADD by azure-vnet failed: wireserver is silent\n');
  assert.match(stdout, /^attached db/);
  assert.deepEqual(node.records()[id]?.addresses, ['10.240.0.5'], 'the address is remembered');
  assert.match(node.run('repair').stdout, /^attached web \(default\) with 10\.240\.0\.5: it has no address/);
});

test('docker repair undoes an ADD that was interrupted, and an endpoint that is gone', () => {
  const node = nodeWith('web');
  const [id = ''] = Object.keys(node.records());
  const { result: _, ...interrupted } = node.records()[id] ?? {};
  node.world.write(`${RECORDS}/${id}`, JSON.stringify(interrupted));
  assert.match(node.run('repair').stdout, /: its ADD was interrupted$/m);
  node.world.files.unlink(`/run/azure-vnet/endpoints/azure@${id}@eth0`);
  assert.match(
    node.run('repair').stdout,
    /^attached web \(default\) with 10\.240\.0\.5: its endpoint is gone$/m,
  );
});

test('docker repair removes nothing when docker does not answer', () => {
  const node = nodeWith('web');
  node.script = (line) =>
    line.startsWith('docker')
      ? { status: 1, stderr: 'Cannot connect to the Docker daemon at unix:///x.\n' }
      : undefined;
  const { status, stderr } = node.run('repair');
  assert.deepEqual([status, stderr], [1, 'azure-vnet: Cannot connect to the Docker daemon at unix:///x.\n']);
  assert.deepEqual([node.plugins, node.held.size], [[], 1]);
});

for (const [mode, said] of [
  ['bridge', /its network is "bridge"; make it with --network none/],
  ['host', /its network is "host"/],
] as const) {
  test(`docker repair refuses a container with the label and the network ${mode}`, () => {
    const node = new FakeNode();
    node.create(['--name', 'other', '--network', mode, '--label', 'azure-vnet.namespace=x', 'nginx']);
    node.start('other');
    const { status, stderr } = node.run('repair');
    assert.equal(status, 1);
    assert.match(stderr, said);
    assert.deepEqual(node.plugins, []);
  });
}

test('docker repair refuses a container without the label, and a damaged label', () => {
  const node = new FakeNode();
  node.create(['--name', 'plain', '--network', 'none', 'nginx']);
  node.start('plain');
  assert.match(node.run('repair', 'plain').stderr, /plain \(\?\) has no label azure-vnet\.namespace/);
  const labels = ['--label', 'azure-vnet.namespace=x', '--label', 'azure-vnet.ports=80'];
  node.create(['--name', 'odd', '--network', 'none', ...labels, 'nginx']);
  node.start('odd');
  assert.match(node.run('repair').stderr, /odd \(x\): its label for ports is damaged: port "80": expected/);
});

test('docker list shows a table, and what is wrong below it', () => {
  const node = nodeWith('web', 'db');
  node.stop('db');
  node.start('db');
  const { status, stdout } = node.run('list');
  assert.equal(status, 1);
  const [head, ...lines] = stdout.split('\n');
  assert.match(head ?? '', /^NAME +NAMESPACE +ADDRESS +PORTS +DOCKER +NETWORK +IMAGE +CONTAINER$/);
  assert.match(lines[0] ?? '', /^db +default +- +801:80\/tcp +running +detached +nginx +\S{12}$/);
  assert.match(
    lines[1] ?? '',
    /^web +default +10\.240\.0\.5 +800:80\/tcp +running +attached +nginx +\S{12}$/,
  );
  assert.deepEqual(lines.slice(2), [
    '',
    'db (default): it has started again',
    'azure-vnet docker repair mends what can be mended',
    '',
  ]);
  assert.deepEqual(new FakeNode().run('list'), {
    status: 0,
    stdout: 'No containers: docker-run.sh makes one.\n',
    stderr: '',
  });
});
