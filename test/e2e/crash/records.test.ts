/**
 * Every kind of file below /run/azure-vnet, damaged in every way: the next calls mend it or say clearly
 * what is wrong, live pods keep their network and their addresses, and later DELs clean up.
 */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab } from '../../../lab/lab.ts';
import { files, leases } from '../support/state.ts';
import { Machine } from './machine.ts';
import { type Attached, agePending, kernelDifferences, pending, settled } from './state.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'cut off in the middle': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
  empty: (path) => truncateSync(path, 0),
  'full of NUL, as after a power loss': (path) => writeFileSync(path, Buffer.alloc(512)),
  garbage: (path) => writeFileSync(path, 'Lock acquired by 4711\n\u0001\u0002{{{'),
  'JSON of another kind': (path) => writeFileSync(path, '{"name":7,"addresses":"x"}'),
  'a directory': (path) => {
    rmSync(path);
    mkdirSync(path);
    writeFileSync(`${path}/inside`, '');
  },
  'a symbolic link': (path) => {
    renameSync(path, `${path}.elsewhere`);
    symlinkSync('/etc/passwd', path);
    rmSync(`${path}.elsewhere`);
  },
};

/** A kind of file: its path, and what makes it be there beside two pods that are attached. */
interface Kind {
  readonly file: (machine: Machine, live: Attached) => string;
  readonly arrange?: (machine: Machine, live: Attached) => Promise<unknown>;
  /** It stands for something that was interrupted. */
  readonly interrupted?: true;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'the network': { file: () => 'networks/azure' },
  'what the host had': { file: () => 'hosts/azure0' },
  'an endpoint': { file: () => 'endpoints/azure@id-of-pod@eth0' },
  'a lease': { file: (_, { pod }) => `ipam/leases/${pod}@id-of-pod@eth0` },
  'a released address': {
    arrange: async (machine, live) => {
      await machine.add('next');
      await machine.del('next');
      assert.deepEqual(await settled(machine, live), []);
    },
    file: ({ vm }) => files(vm, 'ipam/leases').find((name) => name.includes('/~')) ?? assert.fail(),
  },
  'the answer of the wireserver': {
    file: ({ vm }) => files(vm, 'ipam/sources').find((name) => !name.endsWith('@asked')) ?? assert.fail(),
  },
  'a deletion that is pending': {
    interrupted: true,
    arrange: (machine) => interruptedDel(machine, 'next'),
    file: () => 'pending/azure@id-of-next@eth0',
  },
  'a move that is under way': {
    arrange: async ({ vm }) => {
      mkdirSync(vm.path('/run/azure-vnet/journal'), { recursive: true });
      writeFileSync(
        vm.path('/run/azure-vnet/journal/azure0'),
        readFileSync(vm.path('/run/azure-vnet/hosts/azure0')),
      );
    },
    file: () => 'journal/azure0',
  },
  'the lock': { file: () => 'lock' },
};

/** Those that stop every call, with an error that says what to do; a person made them so. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'the lock: a directory': /cannot open the lock.*\/run\/azure-vnet\/lock.*EISDIR.*remove it/,
  'the lock: a symbolic link': /cannot open the lock.*\/run\/azure-vnet\/lock.*ELOOP.*remove it/,
};

describe('A damaged file', { skip }, () => {
  let lab: Lab;
  let machine: Machine;
  before(async () => {
    lab = await Lab.create();
    machine = await Machine.create(lab, ['pod', 'twin', 'next', 'more'], { killPoints: true });
  });
  after(() => lab.close());

  for (const [what, kind] of Object.entries(KINDS)) {
    for (const [damage, apply] of Object.entries(DAMAGES)) {
      const name = `${what}: ${damage}`;
      test(name, async () => {
        await machine.reset();
        const live = { pod: await machine.add('pod'), twin: await machine.add('twin') };
        await kind.arrange?.(machine, live);
        const path = machine.vm.path(`/run/azure-vnet/${kind.file(machine, live)}`);
        apply(path);
        if (REFUSED[name] !== undefined) {
          const { msg } = await machine.container('more').refused('ADD');
          assert.match(msg, REFUSED[name]);
          rmSync(path, { recursive: true });
        }
        const more = await machine.add('more');
        assert.ok(!Object.values(live).includes(more), `${more} is given twice`);
        const found = await kernelDifferences(machine, { ...live, more });
        // Of the pod whose deletion nobody remembers everything is left until its DEL comes again.
        assert.deepEqual(
          found.filter((it) => kind.interrupted === undefined || !it.endsWith(' is left')),
          [],
        );
        for (const one of ['pod', 'twin', 'more']) await machine.del(one);
        await machine.del('next');
        rmSync(machine.vm.path('/run/azure-vnet/quarantine'), { recursive: true, force: true });
        assert.deepEqual(await settled(machine, {}), []);
        assert.deepEqual(leases(machine.vm), []);
      });
    }
  }
});

/** A DEL of which only the pending record was written: its child and the rest did not come about. */
async function interruptedDel(machine: Machine, name: string): Promise<void> {
  await machine.add(name);
  for (let killAt = 1; pending(machine).length === 0; killAt++) {
    await machine.call('DEL', name, { killAt });
    assert.ok(killAt < 100, 'DEL writes a pending record');
  }
  agePending(machine);
}
