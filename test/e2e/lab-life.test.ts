/** How a lab begins and ends: beside another one, with its process, by its command. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Lab, withLab } from '../../lab/lab.ts';
import { labDirectory } from '../../lab/statefile.ts';
import { type LabOfChild, namespacesOf } from '../support/lab-holder.ts';
import { assertAnswered, assertLost, HOST_LOCAL_CONFLIST } from './support/lab-scene.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const TSX = import.meta.resolve('tsx');

describe('Lab life', { skip }, () => {
  test('two labs at once do not know each other', async () => {
    await withLab({}, (one) =>
      withLab({}, async (other) => {
        const [a, b, neighbour] = [await one.addVm(), await other.addVm(), await other.addVm()];
        assert.equal(a.nic().primary, b.nic().primary);
        await assertAnswered(b, neighbour.nic().primary);
        await assertLost(a, neighbour.nic().primary);
      }),
    );
  });

  test('close() leaves nothing on the machine', async () => {
    const before = machine();
    const { directory, namespaces } = await withLab({}, async (lab) => {
      const vm = await lab.addVm({ conflist: HOST_LOCAL_CONFLIST });
      await (await vm.addPod('web')).serve(80);
      await vm.start(['sleep', '1000']);
      const namespaces = namespacesOf(lab);
      assert.equal(namespaces.length, 3);
      assert.ok(processesIn(namespaces) > 6, 'the search sees the processes of a lab');
      return { directory: lab.directory, namespaces };
    });
    assert.equal(processesIn(namespaces), 0);
    assert.deepEqual(machine(), before);
    assert.equal(existsSync(directory), false);
  });

  test('a lab ends with its process, even one that is killed', async () => {
    const before = machine();
    const name = `killed-${process.pid}`;
    const { child, namespaces } = await labInChild(name);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitUntilEmpty(namespaces);
    assert.deepEqual(machine(), before);
    assert.throws(() => Lab.open(name), /is a leftover: `lab down --name killed-\d+` removes it/);
    await assert.rejects(
      Lab.create({ name }),
      /was left over by a crash: `lab down --name killed-\d+` removes/,
    );
    assert.match(await command('down', '--name', name), /^Removed the lab "killed-\d+": .* 1 VMs \(vm1\)/);
    assert.match(await command('down', '--name', name), /nothing to remove/);
  });

  test('a lab without a name of its own is not in the way of what a process of the same pid has left', async () => {
    const name = await withLab({}, async (lab) => lab.name);
    const next = name.replace(/\d+$/, (number) => String(Number(number) + 1));
    mkdirSync(labDirectory(next), { mode: 0o700 });
    try {
      await withLab({}, async (lab) => assert.notEqual(lab.name, next));
    } finally {
      rmdirSync(labDirectory(next));
    }
  });

  test('Ctrl-C takes the lab down and ends the process with the signal', async () => {
    const before = machine();
    const { child, namespaces, directory } = await labInChild(`interrupted-${process.pid}`);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT']);
    assert.equal(existsSync(directory), false);
    await waitUntilEmpty(namespaces);
    assert.deepEqual(machine(), before);
  });

  test('the command keeps a lab up between calls and takes it down', async () => {
    const before = machine();
    const name = ['--name', `command-${process.pid}`];
    try {
      assert.match(
        await command('up', '--vms', '1', '--mtu', '1400', ...name),
        /^lab "command-.*\nvm1 +eth0 .* mtu 1400/,
      );
      await assert.rejects(command('up', ...name), /is up already: `lab down --name command-\d+` removes it/);
      assert.match(await command('exec', 'vm1', ...name, '--', 'cat', '/proc/sys/kernel/hostname'), /^vm1$/m);
      await assert.rejects(command('exec', 'vm1', ...name, '--', 'false'), { code: 1 });
      assert.match(
        await command('exec', 'vm1', ...name, '--', 'azure-vnet', 'status'),
        /^No network yet|NETWORK/m,
      );
      assert.match(await command('pod', 'add', '--help'), /^ {2}lab pod add VM POD .*\n {6}\S.*\nEach/m);
      assert.match(
        await command('vm', 'add', 'west', ...name, '--mac', '60:45:bd:00:00:01'),
        /^west +eth0 +60:45:bd/m,
      );
      assert.equal(await command('ipconfig', 'add', 'west', '10.240.9.9', ...name), '10.240.9.9\n');
      assert.match(await command('status', ...name), /10\.240\.9\.9/);
      await command('wireserver', 'mode', 'empty', ...name);
      await assert.rejects(command('wireserver', 'mode', 'lunch', ...name), /"lunch" is none of ok, refuse/);
      assert.match(await command('counters', ...name), /^vm1-eth0 /m);
      const vm = ['probe', 'tcp', '10.240.0.4'] as const;
      await assert.rejects(command(...vm, '81', ...name), { code: 1, stdout: 'not healthy: ECONNREFUSED\n' });
      await assert.rejects(command(...vm, '0', ...name), /"0" is no port from 1 to 65535/);
    } finally {
      assert.match(await command('down', ...name), /2 VMs \(vm1, west\)/);
    }
    assert.deepEqual(machine(), before);
  });
});

/** Runs the `lab` command; its stdout. Rejects with its stderr in the message when it fails. */
async function command(...words: string[]): Promise<string> {
  const cli = fileURLToPath(new URL('../../lab/cli.ts', import.meta.url));
  return (await promisify(execFile)(process.execPath, ['--import', TSX, cli, ...words])).stdout;
}

/** A process of its own with a lab of one VM, as a test that is about to be interrupted. */
async function labInChild(name: string): Promise<{ child: ChildProcess } & LabOfChild> {
  const child = fork(new URL('../support/lab-holder.ts', import.meta.url), [name], {
    execArgv: ['--import', TSX],
  });
  const [{ directory, namespaces }] = (await once(child, 'message')) as [LabOfChild];
  assert.ok(processesIn(namespaces) > 0);
  assert.equal(existsSync(directory), true);
  return { child, directory, namespaces };
}

/** What a lab could leave behind in the namespaces of the machine. */
function machine(): { links: string; mounts: string; netns: string[] } {
  return {
    links: execFileSync('ip', ['-br', 'link'], { encoding: 'utf8' }),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    netns: existsSync('/run/netns') ? readdirSync('/run/netns') : [],
  };
}

/** How many processes of the machine are in one of these network namespaces. */
function processesIn(namespaces: readonly string[]): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return namespaces.includes(readlinkSync(`/proc/${pid}/ns/net`));
    } catch (error) {
      // The process has ended since readdir, or is one of the system that root may not look into.
      assert.match(String(error), /ENOENT|ESRCH|EACCES|EPERM/);
      return false;
    }
  }).length;
}

async function waitUntilEmpty(namespaces: readonly string[]): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (processesIn(namespaces) > 0) {
    assert.ok(performance.now() < deadline, `${processesIn(namespaces)} processes are left`);
    await sleep(5);
  }
}
