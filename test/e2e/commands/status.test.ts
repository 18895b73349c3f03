/** STATUS: ready, or why not. Each reason is made in a VM, and nothing is changed by asking. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../../lab/lab.ts';
import type { JsonObject } from '../../../src/cni/types.ts';
import { Container, networkConfig } from '../support/container.ts';
import { FakeIpam } from '../support/fake-ipam.ts';
import { snapshot } from '../support/state.ts';
import { BIN } from '../support/tool.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const STATE = '/run/azure-vnet';

describe('STATUS', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  let fake: FakeIpam;
  let cniPath: string[];
  before(async () => {
    lab = await Lab.create();
    fake = await FakeIpam.create();
    cniPath = [fake.directory, BIN, '/usr/lib/cni'];
    vm = await lab.addVm({ conflist: null, secondaries: 2, cniPath });
    await (await Container.create(vm, 'running')).add();
  });
  after(async () => {
    fake.remove();
    await lab.close();
  });

  async function status(where: Vm, changes: JsonObject = {}, wrapper: readonly string[] = []) {
    const env = { CNI_COMMAND: 'STATUS', CNI_PATH: cniPath.join(':'), ...fake.env };
    const stdin = JSON.stringify(networkConfig(changes));
    return where.exec([...wrapper, `${BIN}/azure-vnet`], { env, stdin });
  }

  async function assertReason(
    [code, msg]: readonly [number, RegExp],
    where: Vm,
    changes: JsonObject = {},
    wrapper: readonly string[] = [],
  ): Promise<void> {
    const run = await status(where, changes, wrapper);
    assert.equal(run.status, 1, run.stdout);
    const error = JSON.parse(run.stdout);
    assert.equal(error.code, code, error.msg);
    assert.match(error.msg, msg);
  }

  test('prints nothing when ADD can be served, and changes nothing', async () => {
    const before = await snapshot(vm);
    const { status: code, stdout } = await status(vm);
    assert.deepEqual([code, stdout], [0, '']);
    assert.deepEqual(await snapshot(vm), before);
  });

  test('on a node before its first pod prints nothing and leaves the node alone', async () => {
    const fresh = await lab.addVm({ conflist: null, secondaries: 2 });
    const { status: code, stdout } = await status(fresh);
    assert.deepEqual([code, stdout], [0, '']);
    assert.deepEqual(
      (await snapshot(fresh)).links.filter(({ ifname }) => ifname === 'azure0'),
      [],
    );
  });

  test('50: no pool, because the wireserver does not answer and nothing is cached', async () => {
    const fresh = await lab.addVm({ conflist: null, secondaries: 2 });
    await lab.setWireserver('refuse');
    try {
      await assertReason([50, /address source http:\/\/168\.63.*refused.*nothing is cached/], fresh);
    } finally {
      await lab.setWireserver('ok');
    }
  });

  test('50: the pool is exhausted', async () => {
    const second = await Container.create(vm, 'second');
    await second.add();
    await assertReason([50, /No available addresses: 2 of 2 used/], vm);
    await second.del();
    assert.equal((await status(vm)).status, 0);
  });

  test('50: the master interface is missing', async () => {
    const fresh = await lab.addVm({ conflist: null, secondaries: 2 });
    await assertReason([50, /Failed to find the master interface: "eth7" does not exist/], fresh, {
      master: 'eth7',
    });
  });

  test('50: the kernel has no nf_tables for bridges', async () => {
    // Twice, because the C library tries again without flags.
    const inject = 'inject=socket:error=EPROTONOSUPPORT:when=1..2';
    const strace = ['/usr/bin/strace', '-f', '-qq', '-o', '/run/trace', '-e', inject];
    await assertReason([50, /the kernel has no nf_tables for bridges \(EPROTONOSUPPORT\)/], vm, {}, strace);
  });

  test('50: the state cannot be read', async () => {
    const path = vm.path(`${STATE}/endpoints`);
    renameSync(path, `${path}.aside`);
    writeFileSync(path, '');
    try {
      await assertReason([50, /the state cannot be read: .*endpoints.*ENOTDIR/], vm);
    } finally {
      rmSync(path);
      renameSync(`${path}.aside`, path);
    }
  });

  const LIMITED: Readonly<Record<string, readonly [argv: string, reason: RegExp]>> = {
    'the bridge is down': ['ip link set azure0 down', /bridge azure0 is gone, down or/],
    'the NIC has left the bridge': ['ip link set eth0 nomaster', /without eth0; the next ADD repairs it/],
    'the rules are gone': ['nft flush ruleset', /in table bridge azure-vnet .* is missing; the next ADD/],
  };
  for (const [what, [argv, reason]] of Object.entries(LIMITED)) {
    test(`51: ${what}, which an ADD repairs`, async () => {
      await vm.mustExec(argv.split(' '));
      await assertReason([51, reason], vm);
      const mends = await Container.create(vm, what.replaceAll(' ', '-'));
      await mends.add();
      await mends.del();
      assert.equal((await status(vm)).status, 0);
    });
  }

  test('51: the NIC is gone', async () => {
    const unplugged = await lab.addVm({ conflist: null, secondaries: 2 });
    await (await Container.create(unplugged, 'cut')).add();
    await unplugged.mustExec(['ip', 'link', 'delete', 'eth0']);
    await assertReason([51, /Failed to find the master interface: no NIC has an address/], unplugged);
  });

  test('asks a third-party IPAM and passes its answer on', async () => {
    const ipam = { type: fake.type };
    const refusal = { cniVersion: '1.1.0', code: 50, msg: 'the range is full' };
    fake.answer('STATUS', JSON.stringify(refusal), 1);
    await assertReason([50, /^the range is full$/], vm, { ipam });
    assert.deepEqual(fake.calls(), ['STATUS']);
    fake.answer('STATUS', undefined);
    assert.equal((await status(vm, { ipam })).status, 0);
  });
});
