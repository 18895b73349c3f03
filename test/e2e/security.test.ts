/** What the executable touches and runs, as strace sees it: its own directories, and nobody else. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Lab, type Vm } from '../../lab/lab.ts';
import type { JsonObject } from '../../src/cni/types.ts';
import { MAX_LOG_BYTES } from '../../src/state/logfile.ts';
import { Container, networkConfig } from './support/container.ts';
import { assertNoLeftovers } from './support/state.ts';
import { BIN, CNI_PATH } from './support/tool.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
/** What is opened for writing, made, renamed or removed. */
const OWN = /^(\/run\/azure-vnet(\/|$)|\/var\/log\/azure-vnet\.log|\/proc\/sys\/net\/ipv[46]\/conf\/)/;
const TRACED =
  'open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,symlink,link,chmod';
/** What a shell would run, and what a path would climb. */
const HOSTILE = '$(touch /run/pwned);`touch /run/pwned`|../../../run/pwned';

describe('Security', { skip }, () => {
  let lab: Lab;
  let vm: Vm;
  before(async () => {
    lab = await Lab.create();
    vm = await lab.addVm({ conflist: null, secondaries: 4 });
  });
  after(() => lab.close());

  /** Runs a call under strace; the lines about these calls to the system. */
  async function traced(calls: string, command: string, { id, netns }: Container, config: JsonObject) {
    const env = { CNI_COMMAND: command, CNI_CONTAINERID: id, CNI_NETNS: netns, CNI_IFNAME: 'eth0', CNI_PATH };
    const strace = ['/usr/bin/strace', '-f', '-qq', '-s', '4096', '-o', '/run/trace', '-e', `trace=${calls}`];
    const run = await vm.exec([...strace, `${BIN}/azure-vnet`], { env, stdin: JSON.stringify(config) });
    assert.ok(run.stdout === '' || JSON.parse(run.stdout), 'one document or none');
    const rows = readFileSync(vm.path('/run/trace'), 'utf8').split('\n');
    return { status: run.status, rows: rows.filter((row) => row !== '') };
  }

  /** Every command that there is, for a new container. */
  async function everyCommand(
    name: string,
    config: JsonObject,
    look: (command: string, container: Container) => Promise<number>,
  ): Promise<void> {
    const container = await Container.create(vm, name, { config });
    for (const command of ['STATUS', 'ADD', 'ADD', 'CHECK', 'GC', 'DEL', 'DEL']) {
      const status = await look(command, container);
      // A name that the specification does not allow is refused by every command.
      if (command === 'DEL') assert.equal(status, config.name === HOSTILE ? 1 : 0);
    }
    assert.equal(existsSync(vm.path('/run/pwned')), false);
    await assertNoLeftovers(vm);
  }

  for (const [what, changes] of Object.entries({
    'with the configuration of the page': {},
    'with a network whose name climbs and calls a shell': { name: HOSTILE },
    'with a network called "a.."': { name: 'a..' },
    'with a bridge, a master and an address that call a shell': {
      bridge: HOSTILE,
      master: HOSTILE,
      ipsToRouteViaHost: [HOSTILE],
    },
  })) {
    test(`no command executes a program, ${what}`, async () => {
      await everyCommand(`exec${what.length}`, networkConfig(changes), async (command, container) => {
        const { status, rows } = await traced('execve,execveat', command, container, networkConfig(changes));
        assert.equal(rows.length, 1, rows.join('\n'));
        return status;
      });
    });

    test(`no command writes outside of /run/azure-vnet and its log, ${what}`, async () => {
      await everyCommand(`write${what.length}`, networkConfig(changes), async (command, container) => {
        const { status, rows } = await traced(TRACED, command, container, networkConfig(changes));
        assert.deepEqual(
          rows.flatMap(changedPaths).filter((path) => !OWN.test(path)),
          [],
          command,
        );
        return status;
      });
    });
  }

  test('directories are 0700, records 0600, the log 0640', async () => {
    const container = await Container.create(vm, 'modes');
    await container.add();
    const root = vm.path('/run/azure-vnet');
    const entries = ['', ...readdirSync(root, { recursive: true }).map(String)];
    assert.ok(entries.length > 8);
    const wrong = entries.filter((name) => {
      const found = statSync(`${root}/${name}`);
      return (found.mode & 0o7777) !== (found.isDirectory() ? 0o700 : 0o600) || found.uid !== 0;
    });
    assert.deepEqual(wrong, []);
    assert.equal(statSync(vm.path('/var/log/azure-vnet.log')).mode & 0o7777, 0o640);
    await container.del();
  });

  test('the log and the one before it are all there is of it, each bounded', async () => {
    const [log, before] = ['', '.1'].map((ending) => vm.path(`/var/log/azure-vnet.log${ending}`));
    const container = await Container.create(vm, 'logged');
    for (const round of [1, 2]) {
      writeFileSync(log ?? '', 'x'.repeat(MAX_LOG_BYTES + round));
      await container.add();
      await container.del();
      assert.equal(statSync(before ?? '').size, MAX_LOG_BYTES + round);
      assert.ok(statSync(log ?? '').size < 10_000);
    }
    const names = readdirSync(vm.path('/var/log')).filter((name) => name.includes('azure-vnet'));
    assert.deepEqual(names.sort(), ['azure-vnet.log', 'azure-vnet.log.1']);
    await assertNoLeftovers(vm);
  });

  test('nothing is asked over the network but the wireserver, and only when addresses are needed', async () => {
    const container = await Container.create(vm, 'quiet');
    for (const command of ['ADD', 'CHECK', 'GC', 'DEL']) {
      const { rows } = await traced('connect,bind', command, container, networkConfig());
      const internet = rows.filter((row) => /AF_INET/.test(row) && !/168\.63\.129\.16/.test(row));
      assert.deepEqual(internet, [], command);
      if (command === 'DEL')
        assert.equal(
          rows.some((row) => /AF_INET/.test(row)),
          false,
        );
    }
    await assertNoLeftovers(vm);
  });
});

/** The paths that a line of strace is about, when it is about a change. */
function changedPaths(row: string): string[] {
  const isOpen = /\b(open|openat)\(/.test(row);
  if (isOpen && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(row)) return [];
  return [...row.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
}
