import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeNode } from './fake-docker.ts';

const RULE = '-A FORWARD -i azure0 -o azure0 -j ACCEPT';

test('docker run opens chain FORWARD that Docker has closed, once, behind all other rules, and says so', () => {
  const node = new FakeNode();
  node.closeForward();
  const { status, stdout, stderr } = node.run('run', 'web', 'default', 'nginx');
  assert.equal(status, 0);
  assert.match(stdout, /^web: 10\.240\.0\.5/);
  assert.equal(
    stderr,
    `azure-vnet: chain FORWARD dropped what containers send, as Docker sets it: ran iptables ${RULE}\n`,
  );
  assert.deepEqual(node.forward, ['-P FORWARD DROP', '-A FORWARD -j DOCKER-USER', RULE]);
  assert.equal(node.run('run', 'db', 'default', 'nginx').stderr, '');
  assert.equal(node.forward?.length, 3);
});

test('docker repair opens it as well, when it attaches something and not with --dry-run', () => {
  const node = new FakeNode();
  node.run('run', 'web', 'default', 'nginx');
  node.closeForward();
  assert.equal(node.run('repair').stderr, '');
  node.stop('web');
  node.start('web');
  node.run('repair', '--dry-run');
  assert.equal(node.forward?.length, 2);
  assert.match(node.run('repair').stderr, /ran iptables -A FORWARD/);
  assert.equal(node.forward?.at(-1), RULE);
});

for (const forward of [
  ['-P FORWARD ACCEPT'],
  ['-P FORWARD DROP', '-A FORWARD -j ACCEPT'],
  ['-P FORWARD DROP', '-A FORWARD -i azure0 -j ACCEPT', '-A FORWARD -o azure0 -j ACCEPT'],
]) {
  test(`docker run leaves a chain alone that lets containers pass: ${forward.slice(-1)}`, () => {
    const node = new FakeNode();
    node.closeForward();
    node.forward = [...forward];
    assert.equal(node.run('run', 'web', 'default', 'nginx').stderr, '');
    assert.deepEqual(node.forward, forward);
  });
}

test('docker run is done also when iptables refuses, and says where to look', () => {
  const node = new FakeNode();
  node.closeForward();
  node.script = (line) => (line === 'iptables -A' ? { status: 4, stderr: 'locked\n' } : undefined);
  const { status, stderr } = node.run('run', 'web', 'default', 'nginx');
  assert.equal(status, 0);
  assert.match(stderr, /^azure-vnet: iptables .*: exit status 4: locked; azure-vnet doctor tells more\n$/);
});
