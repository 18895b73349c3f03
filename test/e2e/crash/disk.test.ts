/** A /run/azure-vnet that is full or read-only: ADD fails clearly and leaves nothing, pods live on, DEL works. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { assertAnswered } from '../support/traffic.ts';
import { Machine } from './machine.ts';
import { differences, kernelDifferences, settled } from './state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const STATE = '/run/azure-vnet';
const FILLER = `${STATE}/filler`;

describe('/run/azure-vnet', { skip }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.create();
  });
  after(() => lab.close());

  /** Two pods, with the state on a file system of its own. */
  async function prepare(options: string) {
    const machine = await Machine.create(lab, ['pod', 'twin', 'next']);
    await machine.vm.mustExec(['mkdir', STATE]);
    await machine.vm.mustExec(['mount', '-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', STATE]);
    return { machine, live: { pod: await machine.add('pod'), twin: await machine.add('twin') } };
  }

  const FULL: Readonly<Record<string, readonly [string, (machine: Machine) => void]>> = {
    'full of bytes': [
      'size=256k',
      ({ vm }) => {
        // Tmpfs takes what fits of a write that does not.
        assert.throws(() => writeFileSync(vm.path(FILLER), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
      },
    ],
    'full of files': [
      'nr_inodes=40',
      ({ vm }) => {
        const fill = () => {
          for (let i = 0; ; i++) writeFileSync(vm.path(`${FILLER}${i}`), '');
        };
        assert.throws(fill, { code: 'ENOSPC' });
      },
    ],
  };
  for (const [name, [options, fill]] of Object.entries(FULL)) {
    test(`${name}: ADD fails and leaves nothing, DEL works, and everything when there is room`, async () => {
      const { machine, live } = await prepare(options);
      fill(machine);
      const { code, msg } = await machine.container('next').refused('ADD');
      assert.equal(code, 5);
      assert.match(msg, /ENOSPC.*free some space/);
      assert.deepEqual(await settled(machine, live), []);
      const { pod } = live;
      await machine.del('twin');
      assert.deepEqual(await kernelDifferences(machine, { pod }), []);
      await machine.vm.mustExec(['find', STATE, '-name', 'filler*', '-delete']);
      const next = await machine.add('next');
      assert.notEqual(next, pod);
      assert.deepEqual(await settled(machine, { pod, next }), []);
    });
  }

  test('read-only: every call that changes something fails and says so, and works again later', async () => {
    const { machine, live } = await prepare('size=1m');
    const remount = (mode: string) => machine.vm.mustExec(['mount', '-o', `remount,${mode}`, STATE]);
    await remount('ro');
    const { code, msg } = await machine.container('next').refused('ADD');
    assert.equal(code, 5);
    assert.match(msg, /EROFS.*remount it read-write/);
    assert.deepEqual(await differences(machine, live), []);
    for (const address of Object.values(live)) await assertAnswered(lab.fabric, address);
    for (const command of ['DEL', 'GC']) {
      const refused = await machine.call(command, 'twin', { valid: ['pod'] });
      assert.equal(refused.status, 1, `${command} does not claim to have worked`);
      assert.match(refused.stdout, /EROFS/);
    }
    await remount('rw');
    await machine.del('twin');
    const { pod } = live;
    assert.deepEqual(await settled(machine, { pod, next: await machine.add('next') }), []);
  });

  test('full with a damaged record: DEL by what the kernel tells', async () => {
    const { machine, live } = await prepare('size=256k');
    writeFileSync(machine.vm.path(`${STATE}/endpoints/azure@id-of-twin@eth0`), '');
    rmSync(machine.vm.path(`${STATE}/lock`));
    assert.throws(() => writeFileSync(machine.vm.path(FILLER), Buffer.alloc(1 << 20)), { code: 'ENOSPC' });
    await machine.del('twin');
    assert.deepEqual(await kernelDifferences(machine, { pod: live.pod }), []);
  });
});
