import assert from 'node:assert/strict';
import test from 'node:test';
import { parseContainer } from '../../../../src/cli/docker/container.ts';
import { withContainerLock } from '../../../../src/cli/docker/locks.ts';
import { hostsText, resolvConfText, writeNameFiles } from '../../../../src/cli/docker/name-files.ts';
import { sandboxOf } from '../../../../src/cli/docker/sandbox.ts';
import { ok } from '../../../../src/sys/result.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

const ID = 'a'.repeat(64);

test('resolvConfText() replaces what the network says and keeps the rest', () => {
  const before = 'search host.example\nnameserver 168.63.129.16\noptions edns0\n';
  assert.equal(resolvConfText(before, {}), before);
  assert.equal(
    resolvConfText(before, { nameservers: ['10.0.0.10', '10.0.0.11'] }),
    'nameserver 10.0.0.10\nnameserver 10.0.0.11\nsearch host.example\noptions edns0\n',
  );
  assert.equal(
    resolvConfText(before, { domain: 'a.b', options: ['ndots:5'] }),
    'search a.b\noptions ndots:5\nnameserver 168.63.129.16\n',
  );
  assert.equal(resolvConfText(before, { domain: 'a.b', search: ['c', 'd'] }).split('\n')[0], 'search c d');
});

test('hostsText() replaces its own line alone', () => {
  const once = hostsText('127.0.0.1 localhost\n', 'web', ['10.240.0.5']);
  assert.equal(once, '127.0.0.1 localhost\n10.240.0.5\tweb # azure-vnet\n');
  assert.equal(hostsText(once, 'web', ['10.240.0.6']), once.replace('0.5', '0.6'));
});

test('writeNameFiles() leaves name servers alone that were given with --dns, and containers without such files', () => {
  const made = new FakeWorld();
  made.write('/c/resolv.conf', 'nameserver 1.1.1.1\n');
  made.write('/c/hosts', '');
  const files = { resolvConf: '/c/resolv.conf', hosts: '/c/hosts', hostname: 'web', hasOwnDns: true };
  const dns = { nameservers: ['10.0.0.10'] };
  writeNameFiles(made.process(), files, dns, ['10.240.0.5']);
  assert.equal(made.read('/c/resolv.conf'), 'nameserver 1.1.1.1\n');
  assert.equal(made.read('/c/hosts'), '10.240.0.5\tweb # azure-vnet\n');
  writeNameFiles(made.process(), { ...files, resolvConf: '', hosts: '', hasOwnDns: false }, dns, []);
});

function world(): FakeWorld {
  const made = new FakeWorld();
  made.write('/proc/self/ns/net', '');
  made.write('/proc/7/ns/net', '');
  made.write('/proc/7/cgroup', `0::/system.slice/docker-${ID}.scope\n`);
  made.write('/run/docker/netns/other', '');
  made.symlink('/run/docker/netns/own', '/proc/7/ns/net');
  return made;
}

for (const [what, changes, expected] of [
  ["docker's file when it is the namespace of the process", {}, ok('/run/docker/netns/own')],
  ['the process when docker has no file', { sandboxKey: '' }, ok('/proc/7/ns/net')],
  ['the process when the file cannot be seen', { sandboxKey: '/run/snap.docker/x' }, ok('/proc/7/ns/net')],
  [
    'the process when the file is of another',
    { sandboxKey: '/run/docker/netns/other' },
    ok('/proc/7/ns/net'),
  ],
] as const) {
  test(`sandboxOf() takes ${what}`, () => {
    const container = {
      id: ID,
      pid: 7,
      networkMode: 'none',
      sandboxKey: '/run/docker/netns/own',
      ...changes,
    };
    assert.deepEqual(sandboxOf(world().process(), container), expected);
  });
}

for (const [what, changes, said] of [
  ['does not run', { pid: 0 }, /does not run/],
  ['has another network', { networkMode: 'container:x' }, /its network is "container:x"/],
  ['is of a rootless daemon', { sandboxKey: '/run/user/1000/docker/netns/x' }, /rootless/],
  ['is on another machine', { pid: 8 }, /process 8 is not on this node; DOCKER_HOST/],
  [
    'is on another machine, where its number is taken here',
    { id: 'b'.repeat(64), sandboxKey: '/x' },
    /not on this node/,
  ],
] as const) {
  test(`sandboxOf() refuses a container that ${what}`, () => {
    const container = {
      id: ID,
      pid: 7,
      networkMode: 'none',
      sandboxKey: '/run/docker/netns/own',
      ...changes,
    };
    const refused = sandboxOf(world().process(), container);
    assert.ok(!refused.ok);
    assert.match(refused.error, said);
  });
}

test('sandboxOf() refuses the network of the node', () => {
  const made = world();
  made.write('/proc/9/ns/made', '');
  made.symlink('/proc/9/ns/net', '/proc/self/ns/net');
  const refused = sandboxOf(made.process(), { id: ID, pid: 9, networkMode: 'none', sandboxKey: '' });
  assert.match(refused.ok ? '' : refused.error, /in the network of the node/);
});

test('parseContainer() refuses what docker inspect never prints', () => {
  for (const line of ['', 'x', '{}', '[]', '["short"]', '[null]']) {
    assert.equal(parseContainer(line).ok, false, line);
  }
  const parsed = parseContainer(
    JSON.stringify([
      ID,
      '/web',
      'nginx',
      null,
      'exited',
      0,
      1,
      'none',
      '',
      'h',
      'r',
      'o',
      ['1.1.1.1'],
      [],
      [],
    ]),
  );
  assert.ok(parsed.ok);
  assert.deepEqual([parsed.value.namespace, parsed.value.hasOwnDns], [undefined, true]);
});

test('withContainerLock() does not work beside another process, and gives up after five minutes', () => {
  const made = new FakeWorld();
  const [one, two] = [made.process(), made.process()];
  const startMs = made.nowMs;
  withContainerLock(one, ID, () => {
    const refused = withContainerLock(two, ID, () => ok('both'));
    assert.match(
      refused.ok ? 'ok' : refused.error,
      /container aaaaaaaaaaaa: another azure-vnet docker is at work/,
    );
    return ok(undefined);
  });
  assert.equal(made.nowMs - startMs, 300_000);
  assert.deepEqual(
    withContainerLock(two, ID, () => ok('alone')),
    ok('alone'),
  );
  assert.deepEqual([one.openDescriptors, two.openDescriptors], [0, 0]);
});
