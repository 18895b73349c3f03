/** How a program starts and ends: the choice of the image, exit status, exceptions, jobs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test, { describe } from 'node:test';
import { buildTestProgram } from './program.ts';

const LIMIT_MS = 120_000;
const PLUGIN = { CNI_COMMAND: 'TEST' };

describe('start and end of the process', async () => {
  const program = await buildTestProgram('ending', { cli: 'tool' });
  const run = (ending: string, env: Record<string, string> = PLUGIN) => {
    const { status, stdout, stderr } = spawnSync(program, [ending], {
      env,
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    return { status, stdout, stderr };
  };

  test('with CNI_COMMAND, even empty, the plugin runs', () => {
    assert.deepEqual(run('returns'), { status: 0, stdout: 'plugin', stderr: '' });
    assert.deepEqual(run('returns', { CNI_COMMAND: '' }), { status: 0, stdout: 'plugin', stderr: '' });
  });
  test('without CNI_COMMAND the command-line tool runs', () => {
    assert.deepEqual(run('returns', {}), { status: 0, stdout: 'tool', stderr: '' });
  });
  test('load runs another image at once, in the same program', () => {
    assert.deepEqual(run('loads'), { status: 0, stdout: 'tool and more', stderr: '' });
  });
  test('load refuses an image that is not there', () => {
    const { status, stderr } = run('loads nothing');
    assert.equal(status, 1);
    assert.match(stderr, /^azure-vnet: SysError: load no such image: ENOENT\n/);
  });
  test('exit ends with its status', () => {
    assert.equal(run('exits').status, 7);
  });
  test('an uncaught exception is printed with its stack, status 1', () => {
    const { status, stderr } = run('throws');
    assert.equal(status, 1);
    assert.match(stderr, /^azure-vnet: Error: thrown on purpose\n +at .*azure-vnet:1:\d+\)/);
  });
  test('a thrown text is printed, status 1', () => {
    assert.deepEqual(run('throws no error'), { status: 1, stdout: '', stderr: 'azure-vnet: a text\n' });
  });
  test('a refused call is an exception that names call, path and errno', () => {
    const { status, stderr } = run('refused');
    assert.equal(status, 1);
    assert.match(stderr, /^azure-vnet: SysError: readdir \/nowhere: ENOENT\n/);
  });
  test('jobs run after the program has returned', () => {
    assert.deepEqual(run('awaits'), { status: 0, stdout: 'after all', stderr: '' });
  });
  test('a rejected promise without a handler is printed, status 1', () => {
    const { status, stderr } = run('rejects');
    assert.equal(status, 1);
    assert.match(stderr, /Error: rejected on purpose/);
  });
  test('a handled rejection is none', () => {
    assert.deepEqual(run('handles'), { status: 0, stdout: 'caught', stderr: '' });
  });
});
