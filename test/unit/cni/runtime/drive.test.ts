import assert from 'node:assert/strict';
import test from 'node:test';
import type { PluginCall, PluginSteps } from '../../../../src/cni/runtime/call.ts';
import { addSteps, delSteps } from '../../../../src/cni/runtime/chain.ts';
import { drive, driveSync } from '../../../../src/cni/runtime/drive.ts';
import { listOf } from './scripted.ts';

function* two(): PluginSteps<string> {
  const seen: string[] = [];
  for (const type of ['a', 'b']) {
    try {
      seen.push((yield { type, env: {}, stdin: '' }).stdout);
    } catch (error) {
      seen.push(`threw ${(error as Error).message}`);
    }
  }
  return seen.join(', ');
}

function answer({ type }: PluginCall) {
  if (type === 'b') throw new Error('no b');
  return { status: 0, stdout: `said ${type}`, stderr: '' };
}

test('driveSync() hands over outcomes, and throws into the steps what the program threw', () => {
  assert.equal(driveSync(answer, two()), 'said a, threw no b');
});

test('drive() does the same with promises', async () => {
  assert.equal(await drive(async (call) => answer(call), two()), 'said a, threw no b');
});

test('driveSync() runs a chain at once: ADD, and DEL of all when one fails', () => {
  const ran: string[] = [];
  const exec = ({ type, env }: PluginCall) => {
    ran.push(`${env.CNI_COMMAND} ${type}`);
    const fails = env.CNI_COMMAND === 'ADD' && type === 'b';
    return { status: fails ? 1 : 0, stdout: fails ? '{"code":11,"msg":"full"}' : '{}', stderr: '' };
  };
  const call = { list: listOf(), path: ['/opt/cni/bin'], containerId: 'c', ifname: 'eth0', netns: '/n' };
  const added = driveSync(exec, addSteps(call));
  assert.equal(!added.ok && added.error.error.message, 'full');
  assert.deepEqual(ran, ['ADD a', 'ADD b', 'DEL c', 'DEL b', 'DEL a']);
  assert.deepEqual(driveSync(exec, delSteps(call)), []);
});
