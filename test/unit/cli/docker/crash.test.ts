/** A command that is killed at any moment: the next ones find the way from there. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeNode } from './fake-docker.ts';

/** More calls than any command here makes. */
const MAX_CALLS = 500;

function assertNothingLeft(node: FakeNode, moment: string): void {
  assert.deepEqual([...node.held], [], moment);
  assert.deepEqual(node.containers, [], moment);
  assert.deepEqual(node.records(), {}, moment);
}

/** Kills a command before each of its calls in turn; `prepare` is what was there, `check` what comes after. */
function killedEverywhere(
  prepare: (node: FakeNode) => void,
  words: readonly string[],
  check: (node: FakeNode, moment: string) => void,
): void {
  for (let killAt = 1; killAt < MAX_CALLS; killAt++) {
    const node = new FakeNode();
    prepare(node);
    const ended = node.runKilled(killAt, ...words);
    check(node, `${words.join(' ')} killed at ${killAt}`);
    if (ended) {
      assert.ok(killAt > 20, 'it was killed at many moments');
      return;
    }
  }
  assert.fail('it never ends');
}

const RUN = ['run', 'web', 'default', 'nginx', '-p', '8080:80'];

test('docker del leaves nothing of a run that was killed at any moment', () => {
  killedEverywhere(
    () => undefined,
    RUN,
    (node, moment) => {
      assert.equal(node.run('del', 'web', 'default').status, 0, moment);
      assertNothingLeft(node, moment);
    },
  );
});

test('docker repair completes a run that was killed at any moment after the container was started', () => {
  killedEverywhere(
    () => undefined,
    RUN,
    (node, moment) => {
      const runs = node.containers.some(({ pid }) => pid > 0);
      const { status, stderr } = node.run('repair');
      assert.deepEqual([status, stderr], [0, ''], moment);
      assert.equal(node.held.size, runs ? 1 : 0, moment);
      const { containers } = JSON.parse(node.run('list', '--json').stdout);
      const states = containers.map(({ state }: { state: string }) => state);
      assert.deepEqual(states, runs ? ['attached'] : node.containers.map(() => 'stopped'), moment);
    },
  );
});

test('docker repair completes a repair that was killed at any moment', () => {
  killedEverywhere(
    (node) => {
      node.run(...RUN);
      node.stop('web');
      node.start('web');
    },
    ['repair'],
    (node, moment) => {
      assert.equal(node.run('repair').status, 0, moment);
      const [row] = JSON.parse(node.run('list', '--json').stdout).containers;
      assert.deepEqual([row.state, row.addresses], ['attached', ['10.240.0.5']], moment);
    },
  );
});

test('docker del completes a del that was killed at any moment', () => {
  killedEverywhere(
    (node) => {
      node.run(...RUN);
    },
    ['del', 'web', 'default'],
    (node, moment) => {
      assert.equal(node.run('del', 'web', 'default').status, 0, moment);
      assertNothingLeft(node, moment);
    },
  );
});
