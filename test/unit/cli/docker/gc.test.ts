/** azure-vnet gc on a node with containers of azure-vnet docker. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeNode, refusal } from './fake-docker.ts';

/** `web` runs, `db` was removed with docker rm --force. */
function nodeWithout(): FakeNode {
  const node = new FakeNode();
  for (const [index, name] of ['web', 'db'].entries())
    assert.equal(node.run('run', name, 'default', 'nginx', '-p', `80${index}:80`).status, 0);
  node.stop('db');
  node.containers.splice(1, 1);
  node.plugins.length = 0;
  return node;
}

for (const runtime of ['docker', 'netns']) {
  test(`gc --runtime ${runtime} gives a container that was removed the DEL of its chain`, () => {
    const node = nodeWithout();
    const dry = node.tool('gc', '--runtime', runtime, '--dry-run');
    assert.match(dry.stdout, /^would remove 10\.240\.0\.6 of /);
    assert.deepEqual(node.pluginLines, []);
    const { status, stdout } = node.tool('gc', '--runtime', runtime);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^removed 10\.240\.0\.6 of [^\n]*\n$/);
    assert.deepEqual(node.pluginLines, ['portmap DEL', 'azure-vnet DEL']);
    const portMappings = [{ hostPort: 801, containerPort: 80, protocol: 'tcp' }];
    assert.deepEqual(node.plugins[0]?.config.runtimeConfig, { portMappings });
    assert.deepEqual([...node.held.values()], ['10.240.0.5']);
    assert.equal(node.tool('gc', '--runtime', runtime).stdout, 'Nothing to remove.\n');
    assert.equal(
      node.run('repair').stdout,
      'forgot db (default) with 10.240.0.6: the container was removed\n',
    );
  });
}

test('gc removes what it can, and says what another plugin of the chain has refused', () => {
  const node = nodeWithout();
  node.script = (line) => (line === 'portmap DEL' ? refusal(100, 'no iptables') : undefined);
  const { status, stdout } = node.tool('gc', '--runtime', 'docker');
  assert.equal(status, 1);
  assert.match(stdout, /^could not remove 10\.240\.0\.6 of .*: DEL by portmap failed: no iptables/);
  assert.deepEqual([...node.held.values()], ['10.240.0.5']);
});

test('gc runs no chain for an attachment that is not the recorded one', () => {
  const node = nodeWithout();
  const [id = ''] = [...node.held.keys()].filter((one) => node.containers.every((other) => other.id !== one));
  const path = `/run/azure-vnet/endpoints/azure@${id}@eth0`;
  node.world.write(path, node.world.read(path).replace(/"sandbox":"[^"]*"/, '"sandbox":"/run/netns/other"'));
  const { stdout } = node.tool('gc', '--runtime', 'docker');
  assert.deepEqual(node.pluginLines, [], stdout);
});
