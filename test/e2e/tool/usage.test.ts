/** The command-line tool as a program: when it is one, wrong usage, rights. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { BIN, tool } from '../support/tool.ts';
import { assertNothingDropped } from '../support/traffic.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('azure-vnet, called as a tool', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(async () => {
    await lab.close();
  });

  test('is a plugin when it is called without a word, or with CNI_COMMAND whatever the words', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 1 });
    const silent = await tool(vm);
    assert.deepEqual([silent.status, silent.stdout], [0, '']);
    assert.match(silent.stderr, /^azure-vnet: CNI plugin, /);
    const version = await tool(vm, '--version');
    assert.match(version.stdout, /^Azure CNI Version v\d+\.\d+\.\d+\n$/);
    const env = { CNI_COMMAND: 'VERSION' };
    const plugin = await vm.exec([`${BIN}/azure-vnet`, 'status'], { env, stdin: '{"cniVersion":"1.0.0"}' });
    assert.deepEqual([plugin.status, plugin.stderr], [0, '']);
    assert.equal(JSON.parse(plugin.stdout).cniVersion, '1.1.0');
  });

  test('answers wrong usage with status 2 and a hint', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 1 });
    for (const [words, hint] of [
      [['staus'], /did you mean "status"\?/],
      [['status', '--jsn'], /did you mean --json\?/],
      [['gc'], /gc needs --runtime containerd\|docker\|netns/],
      [['gc', '--runtime', 'podman'], /expected one of containerd, docker, netns, got "podman"/],
    ] as const) {
      const { status, stdout, stderr } = await tool(vm, ...words);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, hint);
    }
  });

  test('is for root only, which the doctor says as a finding', async () => {
    const vm = await lab.addVm({ conflist: null, secondaries: 1 });
    const as = (...words: string[]) =>
      vm.exec(['setpriv', '--reuid=65534', '--clear-groups', '/run/azure-vnet-copy', ...words]);
    await vm.mustExec(['cp', `${BIN}/azure-vnet`, '/run/azure-vnet-copy']);
    await vm.mustExec(['chmod', '755', '/run', '/run/azure-vnet-copy']);
    const refused = await as('status');
    assert.deepEqual([refused.status, refused.stdout], [1, '']);
    assert.match(refused.stderr, /run it as root/);
    const doctor = await as('doctor');
    assert.equal(doctor.status, 1);
    assert.match(doctor.stdout, /NOT_ROOT/);
  });

  test('nothing that the nodes sent was such that Azure would have dropped it', async () => {
    await assertNothingDropped(lab);
  });
});
