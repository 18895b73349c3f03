/** The arm64 build on a kernel of arm64: ADD, CHECK, traffic, DEL. The other tests of arm64 run under qemu-user. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { hasArm64Vm, runArm64Vm, type Step } from './support/arm64-vm.ts';

const skip = hasArm64Vm() ? false : 'no kernel of arm64; see what scripts/setup.sh said';

describe('azure-vnet on arm64', { skip }, () => {
  let steps: ReadonlyMap<string, Step> = new Map();
  before(async () => {
    steps = await runArm64Vm();
  });
  const step = (name: string): Step =>
    steps.get(name) ?? assert.fail(`no step ${name} in ${[...steps.keys()]}`);
  const document = (name: string) => {
    const { status, text } = step(name);
    assert.equal(status, 0, text);
    return JSON.parse(text);
  };

  test('runs on another processor', () => {
    assert.match(step('machine').text, /aarch64$/);
  });

  test('STATUS, ADD, CHECK and DEL succeed, with an address of the pool for each', () => {
    for (const name of ['STATUS', 'CHECK one', 'DEL one', 'DEL two']) {
      assert.deepEqual([name, step(name)], [name, { status: 0, text: '' }]);
    }
    const results = ['one', 'two'].map((name) => document(`ADD ${name}`));
    assert.deepEqual(
      results.map(({ ips }) => ips[0]),
      ['10.91.0.10/24', '10.91.0.11/24'].map((address) => ({ interface: 2, address, gateway: '10.91.0.1' })),
    );
    assert.equal(results[0]?.interfaces[2].mac, '02:0d:0a:5b:00:0a');
  });

  test('a pod reaches gateway, wireserver, node and the other pod, and is reached', () => {
    for (const name of ['10.91.0.1', '168.63.129.16', '10.91.0.4', '10.91.0.11'].map((to) => `one → ${to}`)) {
      assert.equal(step(name).status, 0, `${name}: ${step(name).text}`);
    }
    assert.equal(step('fabric → one').status, 0);
  });

  test('the command-line tool sees two pods and no problem, then none', () => {
    const { addresses, problems } = document('status');
    assert.deepEqual([addresses.length, problems], [2, []]);
    const after = document('status without pods');
    assert.deepEqual([after.addresses, after.problems], [[], []]);
  });

  test('uninstall gives the NIC its address back', () => {
    assert.equal(step('uninstall').status, 0, step('uninstall').text);
    const { text } = step('links');
    assert.match(text, /^eth0@\S+\s+UP\s+10\.91\.0\.4\/24/m);
    assert.doesNotMatch(text, /azure0|azv/);
  });
});
