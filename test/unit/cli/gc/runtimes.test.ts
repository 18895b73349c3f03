import assert from 'node:assert/strict';
import test from 'node:test';
import { askRuntime, type Runtime } from '../../../../src/cli/gc/runtimes.ts';
import type { SpawnResult } from '../../../../src/sys/sys.ts';
import { FakeWorld } from '../../../support/fake-sys.ts';

const ENDED: SpawnResult = {
  status: 0,
  signal: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
};

/** `answers`: what a command line prints, or how it ends. */
function ask(runtime: Runtime, answers: Readonly<Record<string, string | Partial<SpawnResult>>>) {
  const world = new FakeWorld();
  for (const name of new Set(Object.keys(answers).map((line) => line.split(' ')[0]))) {
    world.write(`/usr/bin/${name}`, '', 0o755);
  }
  const sys = world.process({
    environ: { DOCKER_HOST: 'unix:///x', PATH: '/nowhere' },
    spawn: ({ argv, env }) => {
      assert.equal(env.DOCKER_HOST, 'unix:///x');
      const answer = answers[argv.join(' ').replace('/usr/bin/', '')];
      assert.ok(answer !== undefined, argv.join(' '));
      return { ...ENDED, ...(typeof answer === 'string' ? { stdout: answer } : answer) };
    },
  });
  return askRuntime(sys, runtime);
}

const OLD_CTR = { status: 3, stderr: "No help topic for 'sandboxes'" };
const DOCKER_PS = 'docker ps --quiet --no-trunc';

test('askRuntime() takes the ids of docker ps', () => {
  const id = 'c'.repeat(64);
  const expected = { ok: true, value: { by: 'id', runtime: 'docker', ids: new Set([id]) } };
  assert.deepEqual(ask('docker', { [DOCKER_PS]: `${id}\n` }), expected);
  assert.deepEqual(ask('docker', { [DOCKER_PS]: '' }), {
    ...expected,
    value: { ...expected.value, ids: new Set() },
  });
});

test('askRuntime() takes the containers of every namespace of containerd, under both names', () => {
  const answer = ask('containerd', {
    'ctr namespaces list --quiet': 'k8s.io\ndefault\n',
    'ctr --namespace k8s.io containers list --quiet': 'abc\n',
    'ctr --namespace k8s.io sandboxes list': 'ID   CREATED  RUNTIME\nvm1  2030     kata\n',
    'ctr --namespace default containers list --quiet': 'web\n',
    'ctr --namespace default sandboxes list': 'ID CREATED RUNTIME\n',
  });
  assert.ok(answer.ok && answer.value.by === 'id');
  const ids = ['abc', 'k8s.io-abc', 'vm1', 'k8s.io-vm1', 'web', 'default-web'];
  assert.deepEqual([...answer.value.ids], ids);
});

test('askRuntime() does without sandboxes where ctr does not know them', () => {
  const answer = ask('containerd', {
    'ctr namespaces list --quiet': 'default\n',
    'ctr --namespace default containers list --quiet': 'web\n',
    'ctr --namespace default sandboxes list': OLD_CTR,
  });
  assert.ok(answer.ok && answer.value.by === 'id');
  assert.deepEqual([...answer.value.ids], ['web', 'default-web']);
});

test('askRuntime() takes sandboxes that cannot be listed for no list', () => {
  for (const sandboxes of [{ status: 1, stderr: 'unimplemented' }, 'something else\n']) {
    const answer = ask('containerd', {
      'ctr namespaces list --quiet': 'default\n',
      'ctr --namespace default containers list --quiet': 'web\n',
      'ctr --namespace default sandboxes list': sandboxes,
    });
    assert.equal(answer.ok, false);
  }
});

test('askRuntime() asks nobody for netns', () => {
  assert.deepEqual(ask('netns', {}), { ok: true, value: { by: 'sandbox' } });
});

for (const [what, answers, expected] of [
  ['a program that is missing', {}, 'docker is not installed'],
  [
    'a daemon that does not answer',
    { [DOCKER_PS]: { status: 1, stderr: 'Cannot connect\nto it' } },
    `${DOCKER_PS}: exit status 1: Cannot connect`,
  ],
  ['one that hangs', { [DOCKER_PS]: { timedOut: true } }, `${DOCKER_PS}: not finished after 10 s`],
  ['endless output', { [DOCKER_PS]: { truncated: true } }, `${DOCKER_PS}: printed more than 4194304 bytes`],
  ['what is no list of ids', { [DOCKER_PS]: 'Warning: x\n' }, `${DOCKER_PS}: no list of ids: "Warning: x"`],
] as const) {
  test(`askRuntime() takes ${what} for no list`, () => {
    assert.deepEqual(ask('docker', answers), { ok: false, error: expected });
  });
}

test('askRuntime() takes half a list of containerd for none', () => {
  const answer = ask('containerd', {
    'ctr namespaces list --quiet': 'a\nb\n',
    'ctr --namespace a containers list --quiet': 'x\n',
    'ctr --namespace a sandboxes list': OLD_CTR,
    'ctr --namespace b containers list --quiet': { status: 1 },
  });
  assert.equal(answer.ok, false);
});

test('askRuntime() says what to look at when ctr gets no answer', () => {
  const silent = ask('containerd', { 'ctr namespaces list --quiet': { timedOut: true } });
  assert.ok(!silent.ok);
  assert.match(
    silent.error,
    /^ctr .*: not finished after 10 s; does containerd run, and is CONTAINERD_ADDRESS its/,
  );
});
