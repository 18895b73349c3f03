import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeNode, refusal } from './fake-docker.ts';

function nodeWith(...more: readonly string[]): FakeNode {
  const node = new FakeNode();
  assert.equal(node.run('run', 'web', 'default', 'nginx', ...more).status, 0);
  node.plugins.length = 0;
  node.dockerCalls.length = 0;
  return node;
}

function assertNothingLeft(node: FakeNode): void {
  assert.deepEqual([...node.held], []);
  assert.deepEqual(node.containers, []);
  assert.deepEqual(node.records(), {});
}

test('docker del takes the container off the network in reverse order, then removes it', () => {
  const node = nodeWith('-p', '80:80');
  const { id, key } = node.container('web');
  assert.deepEqual(node.run('del', 'web', 'default'), { status: 0, stdout: 'web: removed\n', stderr: '' });
  assert.deepEqual(node.pluginLines, ['portmap DEL', 'azure-vnet DEL', 'loopback DEL']);
  for (const { env } of node.plugins) assert.deepEqual([env.CNI_CONTAINERID, env.CNI_NETNS], [id, key]);
  assert.ok(node.plugins[0]?.config.runtimeConfig);
  assert.equal(node.dockerCalls.at(-1), `rm --force --volumes ${id}`);
  assertNothingLeft(node);
});

test('docker del is fine when the container is gone, and gives its address back', () => {
  const node = nodeWith();
  node.stop('web');
  node.containers.length = 0;
  assert.equal(node.held.size, 1);
  assert.equal(node.run('del', 'web', 'default').status, 0);
  assert.deepEqual(node.pluginLines, ['portmap DEL', 'azure-vnet DEL'], 'without a namespace there is no lo');
  assert.equal(node.plugins[0]?.env.CNI_NETNS, '');
  assertNothingLeft(node);
  assert.deepEqual(node.run('del', 'web', 'default'), {
    status: 0,
    stdout: 'web: there is no such container, nothing to remove\n',
    stderr: '',
  });
});

test('docker del of a stopped container that holds nothing any more runs no plugin', () => {
  const node = nodeWith();
  node.stop('web');
  node.run('repair');
  node.plugins.length = 0;
  assert.equal(node.run('del', 'web', 'default').status, 0);
  assert.deepEqual(node.plugins, []);
  assertNothingLeft(node);
});

test('docker del uses the configuration by which the container was attached', () => {
  const node = nodeWith();
  node.world.files.unlink('/etc/cni/net.d/10-azure.conflist');
  assert.equal(node.run('del', 'web', 'default').status, 0);
  assertNothingLeft(node);
});

test('docker del keeps the container when DEL fails, and can be tried again', () => {
  const node = nodeWith();
  node.script = (line) => (line === 'azure-vnet DEL' ? refusal(11, 'locked') : undefined);
  const { status, stderr } = node.run('del', 'web', 'default');
  assert.deepEqual([status, stderr], [1, 'azure-vnet: web: DEL by azure-vnet failed: locked\n']);
  assert.equal(node.containers.length, 1);
  node.script = () => undefined;
  assert.equal(node.run('del', 'web', 'default').status, 0);
  assertNothingLeft(node);
});

test('docker del refuses what is in another namespace or not ours, and says what it is', () => {
  const node = nodeWith();
  node.create(['--name', 'other', 'nginx']);
  assert.equal(
    node.run('del', 'web', 'prod').stderr,
    'azure-vnet: web: the container is in namespace default, not in prod\n',
  );
  assert.match(node.run('del', 'other', 'default').stderr, /docker-run\.sh has not made this container/);
  assert.deepEqual([node.containers.length, node.plugins], [2, []]);
});

test('docker del removes nothing when docker does not answer', () => {
  const node = nodeWith();
  node.script = (line) => (line.startsWith('docker') ? { status: 1, stderr: 'Cannot connect\n' } : undefined);
  assert.deepEqual(node.run('del', 'web', 'default'), {
    status: 1,
    stdout: '',
    stderr: 'azure-vnet: web: Cannot connect\n',
  });
  assert.deepEqual([node.plugins, node.held.size], [[], 1]);
});

for (const words of [[], ['web'], ['web', 'default', 'x'], ['we b', 'default'], ['web', 'a;b']]) {
  test(`docker del refuses ${JSON.stringify(words)} with status 2`, () => {
    const node = nodeWith();
    assert.equal(node.run('del', ...words).status, 2);
    assert.deepEqual([node.containers.length, node.dockerCalls], [1, []]);
  });
}
